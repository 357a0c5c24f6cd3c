import Engine
import IndexFormat
import Testing

/// Compares what a catalog tells with what a real page server told. Whoever has a `ValueSource` of a golden timeline
/// checks it so: `OracleCheck.point(catalog, point)`, and so on.
enum OracleCheck {
  /// The keys at a point, empty ranges included.
  static func point(_ catalog: TimelineCatalog, _ point: Oracle.Point) async throws {
    let keys = try await catalog.keySpace(at: point.lsn)
    #expect(keys.dense.ranges == point.dense, "\(point.name)")
    #expect(keys.sparse == point.sparse, "\(point.name)")
  }

  /// Logical size, and that control file, checkpoint, relation maps and origins can be read.
  static func timeline(_ catalog: TimelineCatalog, _ timeline: Oracle.Timeline) async throws {
    let lsn = timeline.lastLsn
    #expect(try await catalog.logicalByteCount(at: lsn) == timeline.logicalByteCount, "\(timeline.name)")
    let controlFile = try await catalog.controlFile(at: lsn)
    #expect(controlFile.pgVersion == catalog.facts.pgVersion && controlFile.blockSize == 8192)
    #expect(controlFile.floatFormat == 1_234_567 && controlFile.bytes.count == 8192)
    let checkpoint = try await catalog.checkpoint(at: lsn)
    #expect(checkpoint.timelineID == 1 && checkpoint.padding.isZero && checkpoint.nextTransaction > 700)
    var databaseBytes: UInt64 = 0
    for entry in try await catalog.databases(at: lsn).entries {
      let relations = try await catalog.relationSizes(of: entry.database, at: lsn)
      databaseBytes += relations.reduce(0) { $0 + UInt64($1.blockCount) * 8192 }
      if entry.hasRelationMap {
        #expect(try await !catalog.relationMap(of: entry.database, at: lsn).mappings.isEmpty)
      }
    }
    if catalog.facts.shard.index.number == 0 { #expect(databaseBytes == timeline.logicalByteCount) }
    for transaction in try await catalog.preparedTransactions(at: lsn).transactions {
      #expect(try await !catalog.twoPhaseFile(of: transaction, at: lsn).isEmpty)
    }
    _ = try await catalog.replicationOrigins(at: lsn)
  }

  static func auxFiles(_ catalog: TimelineCatalog, _ expected: Oracle.AuxFiles) async throws {
    let files = try await catalog.auxFiles(at: expected.lsn)
    #expect(files.map(\.path.description) == expected.files.keys.sorted { AuxFilePath($0) < AuxFilePath($1) })
    for file in files { #expect(expected.files[file.path.description] == file.content, "\(file.path)") }
  }

  /// Times of LSNs and LSNs of times; pages of pg_xact need their records.
  static func times(_ catalog: TimelineCatalog, _ timeline: Oracle.Timeline) async throws {
    for (lsn, answer) in timeline.commitTimes {
      #expect(try await commitTime(catalog, lsn) == answer, "\(timeline.name) at \(lsn)")
    }
    for (time, answer) in timeline.lsns {
      let found = try await catalog.lsn(of: time, from: timeline.firstLsn, to: timeline.lastLsn)
      #expect(found == answer, "\(timeline.name) at \(time)")
    }
  }

  private static func commitTime(_ catalog: TimelineCatalog, _ lsn: Lsn) async throws -> Oracle.CommitTime {
    do throws(ReadError) {
      return try await catalog.commitTime(at: lsn).map { .time($0) } ?? .none
    } catch {
      guard case .missingKey(let missing) = error else { throw error }
      return .missingKey(missing.key)
    }
  }
}
