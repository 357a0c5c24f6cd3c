/// What to read.
struct ReadRequest: Sendable {
  var key: String
  /// Nil for the latest.
  var version: String? = nil
  /// Bytes of the object; nil for all. An end behind the object's is cut, so a start at the object's end
  /// gives no bytes; a start behind it is an error (`badRequest`). An empty range gives no bytes.
  var range: Range<UInt64>? = nil
  /// Read only if the object still has this etag: otherwise it is an error (`changed`). Nil for whatever it is.
  /// What is read in parts is read with this, so that all parts are of one object.
  var ifMatch: String? = nil
  /// The most bytes to accept: more is an error (`tooLarge`), not a cut.
  var limit: Int

  init(
    _ key: String,
    version: String? = nil,
    range: Range<UInt64>? = nil,
    ifMatch: String? = nil,
    limit: Int
  ) {
    self.key = key
    self.version = version
    self.range = range
    self.ifMatch = ifMatch
    self.limit = limit
  }
}

struct ObjectContent: Sendable {
  var bytes: [UInt8]
  var metadata: ObjectMetadata
}
