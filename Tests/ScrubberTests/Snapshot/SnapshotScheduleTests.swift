import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Snapshots of a tenant that is written to while they are taken: each that ends is exactly one moment of its history.
struct SnapshotScheduleTests {
  private enum End {
    case taken
    case gaveUp
  }

  /// What a snapshot of a moment must hold, found by looking at that moment alone.
  private static func expected(_ objects: [String: [UInt8]]) throws -> [String: [UInt8]] {
    var newest: [String: (generation: String, key: String)] = [:]
    for key in objects.keys {
      guard let range = key.range(of: "index_part.json") ?? key.range(of: "tenant-manifest") else { continue }
      let place = String(key[..<range.upperBound])
      let generation = String(key[range.upperBound...])
      if generation > newest[place]?.generation ?? "" { newest[place] = (generation, key) }
    }
    var keys = Set(newest.values.map(\.key)).union(objects.keys.filter { $0.hasSuffix("heatmap-v1.json") })
    for (place, index) in newest where place.hasSuffix("index_part.json") {
      let folder = place.dropLast("index_part.json".count)
      for layer in try IndexPart(parsing: objects[index.key] ?? []).layers {
        keys.insert("\(folder)\(layer.name)\(layer.generation.keySuffix)")
      }
    }
    var files: [String: [UInt8]] = [:]
    for key in keys { files[String(key.dropFirst(WrittenTenant.tenantsPrefix.count))] = objects[key] }
    return files
  }

  private func run(seed: UInt64, keepsVersions: Bool) async throws -> End {
    // Most writers stop at some time; some never do.
    let changes = seed % 5 == 4 ? Int.max : Int(seed % 40)
    let tenant = try WrittenTenant(
      seed: seed,
      keepsVersions: keepsVersions,
      isCoarse: !keepsVersions && seed % 3 == 0,
      changes: changes
    )
    let folder = try QuickFolder()
    let moment = keepsVersions ? tenant.now : nil
    var run = SnapshotRun(
      origin: SnapshotOrigin(
        store: WorkedOnStore(tenant),
        root: BucketRoot(tenantsPrefix: WrittenTenant.tenantsPrefix),
        moment: moment,
        jobs: 1 + Int(seed % 3)
      ),
      selection: SnapshotSelection(tenant: BucketFixture.tenant),
      path: folder.path + "/out",
      progress: SnapshotProgress()
    )
    run.partByteCount = 64
    run.maxLooks = 8
    let outcome: SnapshotOutcome
    do throws(ScanFailure) {
      outcome = try await run.run()
    } catch {
      #expect(!keepsVersions, "seed \(seed): \(error)")
      #expect(error.message.contains("the tenant changed at each of 8 looks"), "seed \(seed): \(error)")
      #expect(!FileManager.default.fileExists(atPath: folder.path + "/out/snapshot.json"))
      return .gaveUp
    }
    #expect(outcome.exitCode == .ok, "seed \(seed): \(outcome.findings)")
    let files = try SnapshotOnDisk(path: folder.path + "/out").files()
    let candidates =
      moment.map { moment in tenant.history.last { $0.time <= moment }.map { [$0] } ?? [] } ?? tenant.history
    let isOneMoment = try candidates.contains { try Self.expected($0.objects) == files }
    #expect(isOneMoment, "seed \(seed): the \(files.count) files are of no single moment")
    #expect(Set(outcome.document.files.map(\.path)) == Set(files.keys))
    for file in outcome.document.files {
      #expect(file.sha256 == SHA256Digest(bytes: Digest.sha256(files[file.path] ?? [])), "\(file.path)")
    }
    return .taken
  }

  @Test(.timeLimit(.minutes(60)))
  func withVersionsEachIsTheMomentItWasBegunAt() async throws {
    for seed in 0..<200 as Range<UInt64> {
      #expect(try await run(seed: seed, keepsVersions: true) == .taken)
    }
  }

  @Test(.timeLimit(.minutes(60)))
  func withoutVersionsEachIsSomeMomentOrNone() async throws {
    var taken = 0
    for seed in 0..<200 as Range<UInt64> {
      if try await run(seed: seed, keepsVersions: false) == .taken { taken += 1 }
    }
    // The writers that stop, and no others, let a snapshot come to its end.
    #expect((100..<200).contains(taken), "\(taken)")
  }
}
