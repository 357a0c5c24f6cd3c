import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// Objects that are read in parts.
struct ObjectFetcherTests {
  private static let size = 1000

  private func fetch(
    _ store: any ObjectStore,
    into folder: SnapshotFolder,
    part: UInt64,
    modified: Timestamp
  ) async -> Result<SnapshotFile, ObjectFetcher.Failure> {
    var fetcher = ObjectFetcher(
      store: store,
      tenantsPrefix: "t/",
      folder: folder,
      progress: SnapshotProgress()
    )
    fetcher.partByteCount = part
    let item = SnapshotItem(path: "a", kind: .layer, size: UInt64(Self.size), lastModified: modified)
    do throws(ObjectFetcher.Failure) {
      return .success(try await fetcher.fetch(item))
    } catch {
      return .failure(error)
    }
  }

  private let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) }

  @Test func partsOfAnySizeMakeTheObject() async throws {
    let store = MemoryObjectStore()
    let time = try store.put("t/a", body: .bytes(bytes)).lastModified
    for part in [1, 7, 64, 333, 999, 1000, 1001] as [UInt64] {
      let target = try QuickFolder()
      let folder = try SnapshotFolder(target.path)
      let file = try await fetch(store, into: folder, part: part, modified: time).get()
      #expect(file.sha256 == SHA256Digest(bytes: Digest.sha256(bytes)))
      #expect(Array(try Data(contentsOf: URL(filePath: "\(target.path)/a"))) == bytes, "\(part)")
    }
  }

  /// Whatever happens to one part: no file, no part left over, and all tokens are back.
  @Test func aPartThatFailsLeavesNothing() async throws {
    let store = MemoryObjectStore()
    let time = try store.put("t/a", body: .bytes(bytes)).lastModified
    for call in 1...10 {
      for fault in [StoreFault.fail(.read, .only(call)), .shortenRead(.only(call), byteCount: 3)] {
        let target = try QuickFolder()
        let folder = try SnapshotFolder(target.path)
        let faulty = FaultyObjectStore(store, faults: [fault])
        let result = await fetch(faulty, into: folder, part: 100, modified: time)
        guard case .failure(.store) = result else {
          Issue.record("\(call): \(result)")
          continue
        }
        #expect(faulty.injections == 1)
        #expect(
          try FileManager.default.contentsOfDirectory(atPath: target.path) == [SnapshotFolder.workFolder]
        )
        let work = try FileManager.default.contentsOfDirectory(
          atPath: "\(target.path)/\(SnapshotFolder.workFolder)"
        )
        #expect(work == [SnapshotFolder.journal])
      }
    }
  }

  /// An object that is replaced by another of the same size and time while it is read.
  @Test func partsOfTwoObjectsAreNeverMixed() async throws {
    let other = bytes.reversed().map { $0 }
    let time = Timestamp(seconds: 5)
    let states = try [bytes, other].enumerated().map { number, bytes in
      let store = MemoryObjectStore()
      for _ in 0...number { try store.put("t/a", body: .bytes(bytes), lastModified: time) }
      return store
    }
    for call in 1...9 {
      let target = try QuickFolder()
      let folder = try SnapshotFolder(target.path)
      let store = ChangingObjectStore(states) { $0 == .read && $1 == call }
      let result = await fetch(store, into: folder, part: 100, modified: time)
      guard case .failure(.changed) = result else {
        Issue.record("\(call): \(result)")
        continue
      }
    }
  }
}
