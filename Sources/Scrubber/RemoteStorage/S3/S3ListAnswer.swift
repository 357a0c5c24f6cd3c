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
/// | `Key`, `LastModified`, `Size` | those | what it says |
/// | `ETag`, `VersionId`, `IsLatest` | versions | the same; of objects nobody asks for them |
///
/// Without `encoding-type=url` control characters would stand in the XML as they are, which no XML parser takes.
/// The keys lie in one buffer: a page of objects costs no allocation for each.
struct S3ListAnswer: XMLVisitor, Sendable {
  struct Entry: Sendable, Equatable {
    /// Where the key stands in `keyBytes`.
    var key: Range<Int>
    var size: UInt64 = 0
    var lastModified = Timestamp(nanoseconds: 0)
    var isLatest = false
    var isDeleteMarker = false
    var version = ""
    var etag = ""
  }

  enum Kind: String, Sendable {
    case objects = "ListBucketResult"
    case versions = "ListVersionsResult"
  }

  private(set) var keyBytes: [UInt8] = []
  var entries: [Entry] = []
  private(set) var isTruncated = false
  private(set) var continuationToken: String?
  private(set) var nextKeyMarker: [UInt8]?
  private(set) var nextVersionMarker: String?

  private let kind: Kind
  private var depth = 0
  private var root = ""
  private var isEncoded = false
  private var truncation: String?
  private var current: OpenEntry?
  private var problem: String?

  /// An entry whose end has not come yet.
  private struct OpenEntry {
    var entry: Entry
    var hasSize = false
    var hasTime = false
    var hasVersion = false
  }

  private init(_ kind: Kind) { self.kind = kind }

  /// Reads a page.
  static func parse(_ body: [UInt8], as kind: Kind) throws(XMLError) -> S3ListAnswer {
    var answer = S3ListAnswer(kind)
    // Two thirds of a page are keys, at the most.
    answer.keyBytes.reserveCapacity(body.count * 2 / 3)
    answer = try XMLReader.read(body, by: answer)
    try answer.finish()
    return answer
  }

  func key(of entry: Entry) -> String { String(decoding: keyBytes[entry.key], as: UTF8.self) }

  // MARK: Elements

  mutating func begin(_ element: XMLName) {
    depth += 1
    guard depth == 2, Self.isEntry(element) else { return }
    current = OpenEntry(entry: Entry(key: keyBytes.count..<keyBytes.count))
    current?.entry.isDeleteMarker = element == "DeleteMarker"
  }

  mutating func end(_ element: XMLName, text: Span<UInt8>) {
    depth -= 1
    switch depth {
    case 2 where current != nil: endField(element, text)
    case 1 where current != nil: endEntry(isObject: element == "Contents")
    case 1: endOfWhole(element, text)
    case 0: root = element.text
    default: break
    }
  }

  private static func isEntry(_ element: XMLName) -> Bool {
    element == "Contents" || element == "Version" || element == "DeleteMarker"
  }

  private mutating func endField(_ element: XMLName, _ text: Span<UInt8>) {
    switch element {
    case "Key":
      let start = keyBytes.count
      text.withUnsafeBufferPointer { keyBytes.append(contentsOf: $0) }
      current?.entry.key = start..<keyBytes.count
    case "LastModified":
      guard let time = Timestamp(rfc3339Bytes: text) else { return }
      current?.entry.lastModified = time
      current?.hasTime = true
    case "Size":
      guard let size = text.decimalNumber else { return }
      current?.entry.size = size
      current?.hasSize = true
    case "ETag" where kind == .versions: current?.entry.etag = S3Headers.unquoted(text.text())
    case "IsLatest" where kind == .versions: current?.entry.isLatest = text.isEqual(to: "true")
    case "VersionId" where kind == .versions:
      current?.entry.version = text.text()
      current?.hasVersion = true
    default: break
    }
  }

  private mutating func endEntry(isObject: Bool) {
    guard let ended = current else { return }
    current = nil
    if problem == nil { problem = Self.problem(of: ended, isObject: isObject, name: key(of: ended.entry)) }
    entries.append(ended.entry)
  }

  private static func problem(
    of ended: OpenEntry,
    isObject: Bool,
    name: @autoclosure () -> String
  ) -> String? {
    if ended.entry.key.isEmpty { return "an object is listed without its key" }
    if !ended.hasTime { return "\(name()) is listed without the time it was modified" }
    if !ended.hasSize, !ended.entry.isDeleteMarker { return "\(name()) is listed without its size" }
    if !ended.hasVersion, !isObject { return "a version of \(name()) is listed without its identifier" }
    return nil
  }

  private mutating func endOfWhole(_ element: XMLName, _ text: Span<UInt8>) {
    switch element {
    case "EncodingType": isEncoded = text.isEqual(to: "url")
    case "IsTruncated": truncation = text.text(limit: 100)
    case "NextContinuationToken": continuationToken = text.isEmpty ? nil : text.text()
    case "NextKeyMarker": nextKeyMarker = text.isEmpty ? nil : text.array
    case "NextVersionIdMarker": nextVersionMarker = text.isEmpty ? nil : text.text()
    default: break
    }
  }

  // MARK: Meaning

  /// Makes sense of what could not be understood before everything was there.
  private mutating func finish() throws(XMLError) {
    guard root == kind.rawValue else {
      throw XMLError(message: "the answer is \(root.prefix(100)), not \(kind.rawValue)")
    }
    switch truncation {
    case "true": isTruncated = true
    case "false": isTruncated = false
    default: throw XMLError(message: "the listing does not say whether it is truncated")
    }
    if let problem { throw XMLError(message: problem) }
    if isEncoded { try decodeKeys() }
  }

  private mutating func decodeKeys() throws(XMLError) {
    if let marker = nextKeyMarker {
      // Some servers encode this, some do not.
      let isAsItStands = entries.last.map { PercentEncoding.decode(keyBytes[$0.key]) == marker } ?? false
      nextKeyMarker = isAsItStands ? marker : PercentEncoding.decode(marker[...])
    }
    guard PercentEncoding.needsDecoding(keyBytes) else { return }
    var decoded: [UInt8] = []
    decoded.reserveCapacity(keyBytes.count)
    for index in entries.indices {
      let start = decoded.count
      guard let key = PercentEncoding.decode(keyBytes[entries[index].key]) else {
        throw XMLError(message: "the listed key \(key(of: entries[index])) cannot be decoded")
      }
      decoded += key
      entries[index].key = start..<decoded.count
    }
    keyBytes = decoded
  }
}

extension Span<UInt8> {
  /// The number that the decimal digits make; nil for anything else, and from 2^64 on.
  var decimalNumber: UInt64? {
    guard !isEmpty else { return nil }
    var value: UInt64 = 0
    for index in indices {
      let digit = self[index] &- 0x30
      guard digit < 10 else { return nil }
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, sumOverflow) = product.addingReportingOverflow(UInt64(digit))
      guard !overflow, !sumOverflow else { return nil }
      value = sum
    }
    return value
  }
}
