@testable import Engine
import Foundation
import IndexFormat
import Testing

/// Timelines of real page servers: nothing is wrong with them, and all of it is looked at. And what is seen of them when
/// they are damaged.
@Suite(.enabled(if: Golden.isPresent, Golden.absence))
struct GoldenVerificationTests {
  struct Tenant: CustomTestStringConvertible, Sendable {
    var name: String
    /// Keys of all timelines at their ends, branch points and GC horizons.
    var keys: UInt64
    /// Images that could be compared with the history below them.
    var images: UInt64

    var testDescription: String { name }

    init(_ name: String, keys: UInt64, images: UInt64) {
      self.name = name
      self.keys = keys
      self.images = images
    }
  }

  static let tenants = [
    Tenant("A", keys: 77_701, images: 482), Tenant("B", keys: 37_874, images: 6_257),
    Tenant("C", keys: 8_578, images: 8), Tenant("D", keys: 9_090, images: 11),
    Tenant("E", keys: 22_158, images: 0), Tenant("F", keys: 24_422, images: 17),
    Tenant("G", keys: 9_204, images: 7_056), Tenant("H", keys: 9_333, images: 23),
    Tenant("I", keys: 17_919, images: 208), Tenant("J", keys: 66_066, images: 12_411),
    Tenant("K", keys: 14_715, images: 0), Tenant("M", keys: 34_968, images: 8_839),
  ]

  @Test(arguments: tenants) func wholeTenantsHaveNoFinding(tenant: Tenant) async throws {
    let verified = try VerifiedTenant(try GoldenTenant(tenant.name))
    var sum = VerificationResult()
    for entry in verified.entries {
      let result = try await entry.verification.verify(at: entry.points)
      #expect(result.findings.isEmpty, "\(entry.id) at \(entry.points):\n\(result.texts)")
      #expect(result.coverage.addsUp, "\(entry.id): \(result.coverage.texts)")
      sum += result
    }
    // All of D too: the replay that its page server did not have is ours.
    #expect(sum.coverage.keys.checked == tenant.keys && sum.coverage.keys.skipped.isEmpty)
    #expect(sum.coverage.records.skipped.isEmpty)
    #expect(sum.coverage.values.checked == tenant.images, "\(sum.coverage.texts)")
    #expect(sum.depths.reduce(0, +) == tenant.keys)
  }

  /// In the midst of CREATE DATABASE, which copies the map and pg_class before most of the relations that they name.
  @Test func aDatabaseThatIsBeingMadeIsNoDamage() async throws {
    let tenant = try VerifiedTenant(try GoldenTenant("G"))
    let entry = try #require(tenant.entries.first)
    let lsn = Lsn(0x38e_9f88)
    let catalog = try #require(entry.verification.shards.first).catalog
    let made = DatabaseTag(tablespace: DatabaseTag.defaultTablespace, database: 16_509)
    let relations = try await catalog.relations(ofListed: [made], at: lsn)
    let map = try await catalog.relationMap(of: made, at: lsn)
    #expect(map.mappings.contains { !relations.contains(RelationTag(made, relation: $0.fileNumber)) })
    let result = try await entry.verification.verify([.reconstruct], at: [lsn])
    #expect(result.findings.isEmpty, "\(result.texts)")
  }

  /// A timeline with an image layer whose history is there.
  private struct Imaged {
    var timeline: Timeline
    var catalog: TimelineCatalog
    var gcCutoff: Lsn
    var image: LayerMap.Position
    /// Images of that layer that could be compared.
    var checked: UInt64

    init?(_ name: String) async throws {
      let tenant = try VerifiedTenant(try GoldenTenant(name))
      for entry in tenant.entries {
        for shard in entry.verification.shards {
          for position in shard.timeline.positions where !shard.timeline.map[position].isDelta {
            let unit = Self.unit(position, shard.timeline)
            let result = try await entry.verification.run(unit)
            guard result.coverage.values.checked > 2 else { continue }
            timeline = shard.timeline
            catalog = shard.catalog
            gcCutoff = shard.gcCutoff
            image = position
            checked = result.coverage.values.checked
            archive = tenant
            return
          }
        }
      }
      return nil
    }

    private let archive: VerifiedTenant

    static func unit(_ position: LayerMap.Position, _ timeline: Timeline) -> VerificationUnit {
      let keys = timeline.map[position].keys
      return VerificationUnit(.images(of: position, keys), shard: timeline.shard.index, weight: 1)
    }

    func verification(_ changed: Timeline) throws -> Verification {
      let shard = VerifiedShard(changed, TimelineCatalog(changed, catalog.facts), gcCutoff: gcCutoff)
      return try #require(Verification([shard]))
    }
  }

  @Test(arguments: ["G", "J"]) func flippedBitsOfImagesAreNamed(name: String) async throws {
    let imaged = try #require(try await Imaged(name))
    let changed = try await imaged.timeline.changing(imaged.image) { key, _, page in
      if key.isRelationBlock { page[5000] ^= 8 }
    }
    let result = try await imaged.verification(changed).run(Imaged.unit(imaged.image, changed))
    #expect(!result.findings.isEmpty)
    for finding in result.findings {
      #expect(finding.code == .imageDiffers && finding.objectKey == changed.object(imaged.image).key)
      #expect(finding.message.contains("bit 3 of byte 5000 alone"), "\(finding.message)")
    }
    #expect(UInt64(result.findings.count + result.omittedFindingCount) <= imaged.checked)
  }

  @Test(arguments: ["G", "J"]) func lostDeltaLayersAreSeenInTheImageAbove(name: String) async throws {
    let imaged = try #require(try await Imaged(name))
    let image = imaged.timeline.map[imaged.image]
    let left = imaged.timeline.map.layers.filter { layer in
      !layer.name.isDelta || layer.name.startLsn > image.startLsn || !layer.name.keys.overlaps(image.keys)
    }
    #expect(left.count < imaged.timeline.map.layers.count)
    let changed = imaged.timeline.copy(left, over: imaged.timeline.store.source)
    let position = try #require(changed.positions.first { changed.map[$0] == image })
    let result = try await imaged.verification(changed).run(Imaged.unit(position, changed))
    #expect(result.findings.contains { $0.code == .imageDiffers }, "\(result.texts) \(result.coverage.texts)")
    #expect(result.coverage.addsUp)
  }

  @Test(arguments: ["C", "H"]) func flippedBitsOfRecordsAreNamed(name: String) async throws {
    let golden = try GoldenTenant(name)
    let tenant = try VerifiedTenant(golden)
    let entry = try #require(tenant.entries.first)
    let shard = try #require(entry.verification.shards.first)
    let end = try #require(entry.points.last)
    let delta = try #require(shard.timeline.positions.last { shard.timeline.map[$0].isDelta })
    let changed = try await shard.timeline.changing(delta) { key, _, bytes in
      if key.isRelationBlock, bytes.count > 40, bytes.count < 8192 { bytes[33] ^= 4 }
    }
    let copy = VerifiedShard(changed, TimelineCatalog(changed, shard.catalog.facts), gcCutoff: shard.gcCutoff)
    let result = try await #require(Verification([copy])).verify([.reconstruct], at: [end])
    let damaged = result.findings.filter { $0.code == .layerRecordDamaged }
    #expect(damaged.count > 10, "\(result.texts)")
    for finding in damaged {
      #expect(finding.objectKey == changed.object(delta).key)
      #expect(finding.message.hasSuffix("bit 2 of byte 33 was flipped"), "\(finding.message)")
    }
    #expect(result.coverage.addsUp)
  }
}

extension VerificationCoverage {
  var texts: String {
    [("keys", keys), ("values", values), ("records", records), ("bytes", bytes)].map { name, tally in
      let skipped = tally.skipped.sorted { $0.key < $1.key }.map { "\($0.key.rawValue) \($0.value)" }
      return "\(name) \(tally.present) = \(tally.checked) + [\(skipped.joined(separator: ", "))]"
    }
    .joined(separator: "; ")
  }
}
