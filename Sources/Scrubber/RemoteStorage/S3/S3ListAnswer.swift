/// A page of ListObjectsV2 or ListObjectVersions.
///
/// | element | in | meaning |
/// |---|---|---|
/// | `ListBucketResult`, `ListVersionsResult` | | the whole |
/// | `EncodingType` | the whole | `url` if keys are encoded |
/// | `IsTruncated` | the whole | whether there are more pages |
/// | `NextContinuationToken` | the whole | how to ask for the next page of objects |
/// | `NextKeyMarker`, `NextVersionIdMarker` | the whole | the same of versions |
/// | `Contents`, `Version`, `DeleteMarker` | the whole | an object, a version, the mark of a deletion |
/// | `Key`, `LastModified`, `ETag`, `Size`, `VersionId`, `IsLatest` | those | what it says |
///
/// Without `encoding-type=url` control characters would stand in the XML as they are, which no XML parser takes.
struct S3ListAnswer: XMLVisitor, Sendable {
  struct Entry: Sendable, Equatable {
    var key: [UInt8] = []
    var version = ""
    var isLatest = false
    var isDeleteMarker = false
    var size: UInt64 = 0
    var lastModified = Timestamp(nanoseconds: 0)
    var etag = ""
  }

  private(set) var entries: [Entry] = []
  private(set) var isTruncated = false
  private(set) var continuationToken: String?
  private(set) var nextKeyMarker: [UInt8]?
  private(set) var nextVersionMarker: String?

  private var path: [String] = []
  private var fields: [String: [UInt8]] = [:]
  private var entryFields: [String: [UInt8]] = [:]
  private var rawEntries: [(element: String, fields: [String: [UInt8]])] = []

  private static let entryElements: Set = ["Contents", "Version", "DeleteMarker"]

  mutating func begin(_ element: String) {
    path.append(element)
    if path.count == 2 { entryFields = [:] }
  }

  mutating func end(_ element: String, text: [UInt8]) {
    path.removeLast()
    switch path.count {
    case 1 where Self.entryElements.contains(element):
      rawEntries.append((element, entryFields))
      entryFields = [:]
    case 1: fields[element] = text
    case 2 where Self.entryElements.contains(path[1]): entryFields[element] = text
    case 0: fields["", default: []] += Array(element.utf8)
    default: break
    }
  }

  /// Reads a page whose outermost element is `root`.
  static func parse(_ body: [UInt8], root: String) throws(XMLError) -> S3ListAnswer {
    var answer = try XMLReader.read(body, by: S3ListAnswer())
    try answer.interpret(root: root)
    return answer
  }

  // MARK: Meaning

  private mutating func interpret(root: String) throws(XMLError) {
    guard text("") == root else {
      throw XMLError(message: "the answer is \(text("")?.prefix(100) ?? "nothing"), not \(root)")
    }
    switch text("IsTruncated") {
    case "true": isTruncated = true
    case "false": isTruncated = false
    default: throw XMLError(message: "the listing does not say whether it is truncated")
    }
    let isEncoded = text("EncodingType") == "url"
    continuationToken = text("NextContinuationToken").flatMap { $0.isEmpty ? nil : $0 }
    nextVersionMarker = text("NextVersionIdMarker").flatMap { $0.isEmpty ? nil : $0 }
    entries.reserveCapacity(rawEntries.count)
    for raw in rawEntries { entries.append(try Self.entry(raw.element, raw.fields, isEncoded: isEncoded)) }
    if let marker = fields["NextKeyMarker"], !marker.isEmpty {
      // Some servers encode this, some do not.
      let isAsItStands = marker == entries.last?.key
      nextKeyMarker = isAsItStands || !isEncoded ? marker : PercentEncoding.decode(marker)
    }
    (rawEntries, fields) = ([], [:])
  }

  private func text(_ name: String) -> String? { fields[name].map { String(decoding: $0, as: UTF8.self) } }

  private static func entry(
    _ element: String,
    _ fields: [String: [UInt8]],
    isEncoded: Bool
  ) throws(XMLError) -> Entry {
    func text(_ name: String) -> String? { fields[name].map { String(decoding: $0, as: UTF8.self) } }
    guard let rawKey = fields["Key"], let key = isEncoded ? PercentEncoding.decode(rawKey) : rawKey,
      !key.isEmpty
    else { throw XMLError(message: "a listed object has no key, or one that cannot be decoded") }
    let name = String(decoding: key, as: UTF8.self)
    var entry = Entry(key: key, isDeleteMarker: element == "DeleteMarker")
    guard let time = text("LastModified").flatMap(Timestamp.init(rfc3339:)) else {
      throw XMLError(message: "\(name) is listed without the time it was modified")
    }
    entry.lastModified = time
    if !entry.isDeleteMarker {
      guard let size = text("Size").flatMap(UInt64.init) else {
        throw XMLError(message: "\(name) is listed without its size")
      }
      entry.size = size
      entry.etag = S3Headers.unquoted(text("ETag") ?? "")
    }
    if element != "Contents" {
      guard let version = text("VersionId") else {
        throw XMLError(message: "a version of \(name) is listed without its identifier")
      }
      entry.version = version
      entry.isLatest = text("IsLatest") == "true"
    }
    return entry
  }
}
