import Foundation

@testable import IndexFormat

/// A format that is read from a whole document and written as one.
protocol DocumentFormat: Equatable {
  init(parsing bytes: [UInt8]) throws(FormatError)
  func encode() -> [UInt8]
}

extension IndexPart: DocumentFormat {}
extension TenantManifest: DocumentFormat {}
extension Heatmap: DocumentFormat {}
extension DeletionList: DocumentFormat {}
extension DeletionHeader: DocumentFormat {}
extension SnapshotDocument: DocumentFormat {}
extension SnapshotFile: DocumentFormat {}

/// What came of looking whether a reader does with a document what it should with any.
enum DocumentVerdict: Equatable {
  case refused(FormatError.Kind)
  case accepted(rewritten: [UInt8])
  /// The reader is wrong.
  case broken(String)

  /// A refused document has an error that stays inside of it and is short; an accepted one can be written, read
  /// again as the same, and then is written as the same bytes.
  static func of<Format: DocumentFormat>(_ bytes: [UInt8], as _: Format.Type) -> DocumentVerdict {
    let first: Format
    do throws(FormatError) {
      first = try Format(parsing: bytes)
    } catch {
      guard 0...bytes.count ~= error.offset else { return .broken("error at byte \(error.offset)") }
      guard error.found.utf8.count <= 42, error.expected.utf8.count <= 60 else {
        return .broken("long error: \(error)")
      }
      let line = bytes[..<error.offset].count { $0 == 0x0a } + 1
      guard error.line == line else { return .broken("error in line \(error.line), not \(line)") }
      return .refused(error.kind)
    }
    let rewritten = first.encode()
    do throws(FormatError) {
      let second = try Format(parsing: rewritten)
      guard second == first else { return .broken("rewritten, it says something else") }
      guard second.encode() == rewritten else { return .broken("rewritten twice, it changes") }
      return .accepted(rewritten: rewritten)
    } catch {
      return .broken("rewritten, it is refused: \(error)")
    }
  }
}

/// The value of a JSON document as another parser (Foundation's) sees it, in a form in which documents that mean the
/// same to Neon are equal.
enum JSONView: Equatable {
  case value(String)
  /// No JSON, or a number out of the range of that parser.
  case unreadable
  /// Two names in one object mean the same.
  case ambiguous

  init(_ bytes: [UInt8]) {
    // Whatever the other parser's reason is, it only says that it cannot read this.
    guard let object = try? JSONSerialization.jsonObject(with: Data(bytes)) else {
      self = .unreadable
      return
    }
    self = JSONView.normal(object).map { .value($0) } ?? .ambiguous
  }

  /// What is not written when it says nothing.
  private static let silent: [String: String] = [
    "reparenting_history_truncated": "0", "validated": "0", "reparenting_history": "[]", "shard": "\"0000\"",
    "offloaded_timelines": "[]", "recovered": "0", "by_versions": "0", "all": "0", "selected_timelines": "[]",
    "shards": "[]", "timelines": "[]", "files": "[]", "missing": "[]", "left_out": "[]",
  ]

  private static func normal(_ object: Any) -> String? {
    switch object {
    case let members as [String: Any]:
      var result: [String: String] = [:]
      for (name, value) in members where !(value is NSNull) {
        guard let value = normal(value) else { return nil }
        if silent[name] == value { continue }
        guard result.updateValue(value, forKey: spelled(name)) == nil else { return nil }
      }
      return "{" + result.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
        + "}"
    case let elements as [Any]:
      var result: [String] = []
      for element in elements {
        guard let element = normal(element) else { return nil }
        result.append(element)
      }
      return "[" + result.joined(separator: ",") + "]"
    case let text as String: return "\"\(spelled(text))\""
    case let number as NSNumber: return number.stringValue
    default: return "null"
    }
  }

  /// The text as Neon writes what it names.
  private static func spelled(_ text: String) -> String {
    let bytes = Array(text.utf8)
    if let name = withBytes(bytes, { LayerName(text: $0, reading: .lenient) }) { return name.description }
    if let name = LayerFileName(text) { return name.layer.description }
    if let shard = TenantShardID(text) { return shard.description }
    if let lsn = Lsn(text) { return lsn.description }
    if let time = NaiveDateTime(text) { return time.description }
    return ShardIndex(text)?.description ?? text
  }
}
