@testable import IndexFormat

/// Parts of which the documents in the tests of Neon's `index.rs` are made.
enum IndexVectors {
  /// The longer of the two layers' names that most of the vectors use.
  static let deltaA =
    "000000000000000000000000000000000000-FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF__"
    + "0000000001696070-00000000016960E9"
  static let deltaB =
    "000000000000000000000000000000000000-FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF__"
    + "00000000016B59D8-00000000016B5A51"

  static let layers =
    #""layer_metadata":{"\#(deltaA)":{"file_size":25600000},"\#(deltaB)":{"file_size":9007199254741001}}"#
  static let formerLayers = #""timeline_layers":["\#(deltaA)"]"#
  static let missingLayers = #""missing_layers":["This shouldn't fail deserialization"]"#
  static let lsn = #""disk_consistent_lsn":"0/16960E8""#
  static let deleted = #""deleted_at":"2023-07-31T09:00:00.123""#
  static let object =
    #"{"disk_consistent_lsn":"0/16960E8","prev_record_lsn":"0/1696070","#
    + #""ancestor_timeline":"e45a7f37d3ee2ff17dc14bf4f4e3f52e","ancestor_lsn":"0/0","#
    + #""latest_gc_cutoff_lsn":"0/1696070","initdb_lsn":"0/1696070","pg_version":14}"#
  static let lineage =
    #""lineage":{"original_ancestor":["e2bfd8c633d713d279e6fcd2bcc15b6d","0/15A7618","#
    + #""2024-05-07T18:52:36.322426563"],"reparenting_history":["e1bfd8c633d713d279e6fcd2bcc15b6d"]}"#

  static let metadataA =
    "710b9fd20036000400000000016960e8010000000001696070000000000000000000000000000169607000000000016960700000"
    + "000e"
  static let metadataB =
    "889731d00046000400000000025326480100000000025326200157c6f08761772d7d261d9ba18c8dffd200000000025326480000"
    + "00000149f0c0000000000149f0c00000000f"
  static let metadataC =
    "e25819f1002e000400000000015a76180000000000000000000000000000014ef42000000000014ef42000000010"

  /// Members 9 to 15 of the vectors of those versions: each has those of the one before.
  static let gcBlocking =
    #""gc_blocking":{"started_at":"2024-07-19T09:00:00.123","reasons":["DetachAncestor"]}"#
  static let importPgdata =
    #""import_pgdata":{"V1":{"Done":{"idempotency_key":"#
    + #""specified-by-client-218a5213-5044-4562-a28d-d024c5f057f5","started_at":"2024-11-13T09:23:42.123","#
    + #""finished_at":"2024-11-13T09:42:23.123"}}}"#
  static let legacy = #""rel_size_migration":"legacy""#
  static let compaction = #""l2_lsn":"0/16960E8","gc_compaction":{"last_completed_lsn":"0/16960E8"}"#
  static let invisible = #""marked_invisible_at":"2023-07-31T09:00:00.123""#
  static let migrated = #""rel_size_migrated_at":"0/16960E8""#

  static func document(_ members: String...) -> String { "{\(members.joined(separator: ","))}" }

  /// The 512 bytes that begin with these digits and are zero behind them.
  static func bytes(_ hex: String) -> [UInt8] {
    let digits = Array(hex.utf8)
    let body = stride(from: 0, to: digits.count, by: 2).map { index in
      UInt8(digits[index..<index + 2].reduce(0) { $0 * 16 + Int(HexDigits.digitValue($1) ?? 0) })
    }
    return body + [UInt8](repeating: 0, count: TimelineMetadata.binaryByteCount - body.count)
  }

  /// The member `metadata_bytes` as an array of 512 numbers.
  static func array(_ hex: String) -> String {
    #""metadata_bytes":[\#(bytes(hex).map { String($0) }.joined(separator: ","))]"#
  }

  /// A small index with these further members, of which those of the same name replace the usual ones.
  static func minimal(_ members: String...) -> String {
    let usual = [
      ("layer_metadata", #""layer_metadata":{}"#), ("disk_consistent_lsn", lsn),
      ("metadata_bytes", #""metadata_bytes":\#(object)"#),
    ]
    let kept = usual.filter { name, _ in !members.contains { $0.hasPrefix("\"\(name)\":") } }.map(\.1)
    return "{\((kept + members).joined(separator: ","))}"
  }
}

extension IndexPart {
  init(text: String) throws(FormatError) { try self.init(parsing: Array(text.utf8)) }

  var text: String { String(decoding: encode(), as: UTF8.self) }
}

/// The error that `body` throws, nil if none.
func formatError<Value>(_ body: () throws(FormatError) -> Value) -> FormatError? {
  do throws(FormatError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}
