/// What the headers of an answer say of an object.
///
/// | header | meaning |
/// |---|---|
/// | `Content-Length` | bytes of the answer |
/// | `Content-Range` | `bytes FIRST-LAST/SIZE`: which part of the object the answer is |
/// | `Last-Modified` | to the second, while listings may tell more |
/// | `ETag` | in quotes, which some servers forget |
/// | `x-amz-version-id` | the version; `null` for one from before versioning |
/// | `Content-Encoding` | how the bytes are packed, which nobody asks for |
/// | `x-amz-checksum-…` | see `S3Checksums` |
struct S3Headers {
  var contentLength: UInt64?
  var contentRange: (bytes: ClosedRange<UInt64>, size: UInt64)?
  private var lastModified: Timestamp?
  private(set) var etag: String
  /// As what the bytes of the answer are packed; nil if they are the object's.
  private(set) var encoding: String?
  let checksums: S3Checksums
  private(set) var version: String?

  init(_ headers: HTTPHeaders) {
    contentLength = headers["content-length"].flatMap { UInt64($0) }
    contentRange = headers["content-range"].flatMap(Self.parseRange)
    lastModified = headers["last-modified"].flatMap(HTTPDate.parse)
    etag = Self.unquoted(headers["etag"] ?? "")
    encoding = headers["content-encoding"].flatMap {
      ["", "identity", "aws-chunked"].contains($0) ? nil : $0
    }
    checksums = S3Checksums(headers)
    version = headers["x-amz-version-id"].flatMap { $0.isEmpty || $0 == "null" ? nil : $0 }
  }

  /// Nil if the answer does not say when the object was modified, which every answer about one does.
  func metadata(size: UInt64) -> ObjectMetadata? {
    lastModified.map { ObjectMetadata(size: size, lastModified: $0, etag: etag, version: version) }
  }

  static func unquoted(_ etag: String) -> String {
    etag.utf8.count >= 2 && etag.hasPrefix("\"") && etag.hasSuffix("\"")
      ? String(etag.dropFirst().dropLast()) : etag
  }

  private static func parseRange(_ text: String) -> (bytes: ClosedRange<UInt64>, size: UInt64)? {
    guard text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst(6).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let size = UInt64(parts[1]) else { return nil }
    let ends = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard ends.count == 2, let first = UInt64(ends[0]), let last = UInt64(ends[1]), first <= last, last < size
    else { return nil }
    return (first...last, size)
  }
}
