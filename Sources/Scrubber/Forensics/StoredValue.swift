import Engine
import IndexFormat

/// What a value of a layer is, told in a line.
struct StoredValue: Sendable, Equatable {
  enum Form: Sendable, Equatable {
    case image
    /// A record of PostgreSQL's WAL; nil if it is shorter than a header.
    case wal(WALRecordHeader?)
    /// A record that the page server made, or one that cannot be read.
    case other(name: String, text: String)
  }

  let form: Form
  /// Of an image its length, of a record that of all of the value, as page servers count.
  let byteCount: Int
  let willInit: Bool

  init(_ bytes: RawSpan, in kind: LayerName.Kind) {
    guard kind == .delta else {
      form = .image
      byteCount = bytes.byteCount
      willInit = true
      return
    }
    let told: (form: Form, byteCount: Int, willInit: Bool)
    do throws(FormatError) {
      told = try Self.told(bytes)
    } catch {
      told = (.other(name: "unreadable", text: "ERROR: \(error)"), bytes.byteCount, false)
    }
    (form, byteCount, willInit) = told
  }

  private static func told(_ bytes: RawSpan) throws(FormatError) -> (Form, Int, Bool) {
    let outline = try ValueOutline(parsing: bytes)
    return switch outline.form {
    case .image: (.image, outline.body.count, outline.willInit)
    case .record(.postgres):
      (.wal(WALRecordHeader(bytes.extracting(outline.body))), bytes.byteCount, outline.willInit)
    case .record: (try described(bytes), bytes.byteCount, outline.willInit)
    }
  }

  private static func described(_ bytes: RawSpan) throws(FormatError) -> Form {
    guard case .record(let record) = try LayerValue(parsing: bytes) else { return .image }
    return .other(name: name(of: record.tag), text: text(of: record))
  }

  static func name(of tag: NeonRecord.Tag) -> String {
    switch tag {
    case .postgres: "postgres"
    case .clearVisibilityMapFlags: "clear-visibility-map-flags"
    case .clogSetCommitted: "clog-set-committed"
    case .clogSetAborted: "clog-set-aborted"
    case .multixactOffsetCreate: "multixact-offset-create"
    case .multixactMembersCreate: "multixact-members-create"
    case .auxFile: "aux-file"
    case .truncateVisibilityMap: "truncate-visibility-map"
    case .test: "test"
    }
  }

  private static func text(of record: NeonRecord) -> String {
    func block(_ number: UInt32?) -> String { number.map(String.init) ?? "none" }
    return switch record {
    case .postgres: ""
    case .clearVisibilityMapFlags(let new, let old, let flags):
      "new heap block \(block(new)), old heap block \(block(old)), flags \(flags)"
    case .clogSetCommitted(let transactions, let timestamp): "\(list(transactions)), timestamp \(timestamp)"
    case .clogSetAborted(let transactions): list(transactions)
    case .multixactOffsetCreate(let multixact, let offset): "multixact \(multixact), offset \(offset)"
    case .multixactMembersCreate(let offset, let members):
      "offset \(offset), " + list(members.map { "\($0.transaction):\($0.status)" })
    case .auxFile(let path, let content): "\(path), " + (content.map { "\($0.count) bytes" } ?? "removed")
    case .truncateVisibilityMap(let byte, let offset): "from byte \(byte), bit \(offset)"
    case .test(let append, let clear, _, _): "append \(append)\(clear ? ", clear" : "")"
    }
  }

  /// Some of them: a record may hold any number.
  private static func list(_ items: [some CustomStringConvertible]) -> String {
    let shown = items.prefix(8).map(\.description).joined(separator: " ")
    return "[\(shown)\(items.count > 8 ? " … \(items.count) in all" : "")]"
  }
}

extension StoredValue: CustomStringConvertible {
  /// `img 8192 bytes`, `rec 170 bytes will_init: false Heap info 00 xid 733`.
  var description: String { text(nil) }

  /// - Parameter version: of the server that wrote it; names of what records do depend on it:
  ///   `rec 170 bytes will_init: false Heap/INSERT xid 733`.
  func text(_ version: PostgresVersion?) -> String {
    switch form {
    case .image: "img \(byteCount) bytes"
    case .wal(nil): "rec \(byteCount) bytes will_init: \(willInit) too short for a WAL record"
    case .wal(let header?):
      "rec \(byteCount) bytes will_init: \(willInit) \(operation(header, version)) xid \(header.transaction)"
    case .other(let name, let text): "rec \(byteCount) bytes will_init: \(willInit) \(name) \(text)"
    }
  }

  private func operation(_ header: WALRecordHeader, _ version: PostgresVersion?) -> String {
    if let version { return WALOperation(header).fullName(version) }
    let digits = String(header.info, radix: 16)
    return ResourceManager.name(header.resourceManager) + " info " + (header.info < 16 ? "0" : "") + digits
  }

  func write(to json: inout JSONWriter, _ version: PostgresVersion? = nil) {
    json.member("bytes", byteCount)
    json.member("will_init", willInit)
    switch form {
    case .image: json.member("form", "image")
    case .wal(let header):
      json.member("form", "wal-record")
      if let header {
        json.member("rmgr", ResourceManager.name(header.resourceManager))
        json.member("info", header.info)
        json.member("operation", ifPresent: version.map { WALOperation(header).name($0) })
        json.member("xid", header.transaction)
      }
    case .other(let name, let text):
      json.member("form", name)
      json.member("text", text)
    }
  }
}

/// Bytes as lower-case hex digits.
enum HexText {
  static func append(_ bytes: RawSpan, to text: inout [UInt8]) {
    let digits = Array("0123456789abcdef".utf8)
    for offset in 0..<bytes.byteCount {
      let byte = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
  }

  static func string(_ bytes: RawSpan) -> String {
    var text: [UInt8] = []
    append(bytes, to: &text)
    return String(decoding: text, as: UTF8.self)
  }
}
