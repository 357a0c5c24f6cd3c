/// Why bytes are no record of the WAL, or no image can be restored from one.
///
/// The first group is what PostgreSQL's `DecodeXLogRecord` refuses; of it `neither …` cannot occur, as an uncompressed
/// image that is no whole page always has a hole by its length. The second group is what PostgreSQL trusts.
public struct WALRecordError: Error, Equatable, Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Fewer bytes than the header of a record.
    case truncatedHeader = "truncated-header"
    /// `xl_tot_len` is not the count of the bytes.
    case badLength = "bad-length"
    case badResourceManager = "bad-resource-manager"
    /// The bytes end within the headers of the parts.
    case truncatedPartHeader = "truncated-part-header"
    /// What follows the headers is not as long as they say.
    case badPayloadLength = "bad-payload-length"
    case badBlockID = "bad-block-id"
    case blockOutOfOrder = "block-out-of-order"
    /// The length of a block's data and the flag that says whether there are any disagree.
    case badDataLength = "bad-data-length"
    /// A hole is announced, but there is none by the numbers.
    case missingHole = "missing-hole"
    /// A hole by the numbers, but none is announced.
    case unannouncedHole = "unannounced-hole"
    /// A compressed image that is as long as a page.
    case incompressibleImage = "incompressible-image"
    /// The first block says that its relation is that of the block before.
    case noRelationBefore = "no-relation-before"

    case imageTooLong = "image-too-long"
    case holeBeyondPage = "hole-beyond-page"
    /// An image does not decompress to the page without its hole.
    case corruptImage = "corrupt-image"
    /// The block has no image.
    case noImage = "no-image"
    /// The place for a page is not as long as one.
    case badPageBuffer = "bad-page-buffer"
    case noMemory = "no-memory"
  }

  public var kind: Kind
  /// Byte of the record at which it was seen.
  public var offset: Int
  public var found: UInt64
  /// What the number must be, or may be at the most; its meaning follows from the kind.
  public var limit: UInt64

  init(_ kind: Kind, offset: Int, found: UInt64, limit: UInt64 = 0) {
    self.kind = kind
    self.offset = offset
    self.found = found
    self.limit = limit
  }
}

extension WALRecordError: CustomStringConvertible {
  public var description: String { "\(reason) (byte \(offset) of the record)" }

  private var reason: String {
    switch kind {
    case .truncatedHeader: "found \(found) bytes, expected \(limit) or more for the header of a record"
    case .badLength: "xl_tot_len: found \(found), expected \(limit)"
    case .badResourceManager: "xl_rmid: found \(found), expected a resource manager"
    case .truncatedPartHeader: "found \(found) more bytes, expected \(limit) or more for the header of a part"
    case .badPayloadLength: "found \(found) bytes of payload, expected \(limit)"
    case .badBlockID: "block id: found \(found), expected at most \(limit)"
    case .blockOutOfOrder: "block id: found \(found), expected more than \(limit)"
    case .badDataLength:
      "data_length: found \(found), expected \(limit == 0 ? "0" : "more than 0") by the flags"
    case .missingHole: "hole: found none, expected one by bimg_info"
    case .unannouncedHole: "hole: found \(found) bytes, expected none by bimg_info"
    case .incompressibleImage: "compressed image: found \(found) bytes, expected fewer than \(limit)"
    case .noRelationBefore: "first block: found the flag that repeats a relation, expected a relation"
    case .imageTooLong: "image: found \(found) bytes, expected at most \(limit)"
    case .holeBeyondPage: "hole: found an end at \(found), expected at most \(limit)"
    case .corruptImage: "compressed image: found no page of \(limit) bytes without its hole"
    case .noImage: "block \(found): found no image, expected one"
    case .badPageBuffer: "page: found room of \(found) bytes, expected \(limit)"
    case .noMemory: "found no memory to decompress an image"
    }
  }
}
