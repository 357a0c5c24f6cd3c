@testable import Engine
import IndexFormat

/// Records that real servers wrote, each whole and with a valid checksum.
struct WALVector: Sendable {
  var version: PostgresVersion
  var hex: String

  var bytes: [UInt8] { [UInt8](hex: hex) }

  /// A full page image with a hole.
  static let hole = WALVector(
    version: .v15,
    hex: """
      89000000d4020000985d530100000000b0000000b4354d6d0010000058004800037f06000005000000044000000000000000
      00000000000000000000004800f01ff01f042000000000623105000400000000000000000000000000000000000000000000
      0000000000000000000000f0bf010000000000000000000000000000000000000008000000
      """
  )

  static let lz4 = WALVector(
    version: .v17,
    hex: """
      d201000000000000b8cf8f0100000000a00000008792d53e001000009f0174000bec047f060000050000000d400000000000
      00800000000030cf8f010800f059740060050020042000030000e09f3c00c09f3c00709e9802209d9802d09b9802809a9802
      30999802e09798029096980240959802f0939802a09298025091980200909802b08e9802608d9802108c9802c08a98027089
      980220889802d08698028085980260853c006000080200711700028002281817006805710000ff021e00ff06000016000200
      0209180014000000c00400006162630300ff170040010c5001131550011f135001ff35131450011f125001ff35131350011f
      115001ff35131250011f105001ff35131150011f0f5001ff35131050011f0e5001ff35130f50011f0d5001ff35130e50011f
      0c5001ff35130d50011f0b5001ff35130c50011f0a5001ff35130b50011f095001ff35130a50011f085001ff35130950011f
      075001ff35130850011f065001ff35130750011f055001ff35130650011f045001ff2a10030a150202006217000240020570
      160f5016ff321304a00200b7170f5001ff32130350010095190f5001ff2210f78902070200130250019b62000000056f0000
      f62000130120008063000000056f0000
      """
  )

  static let zstd = WALVector(
    version: .v17,
    hex: """
      7801000000000000d8d28f0100000000a0000000925f397b001000004501780013c8047f060000050000000d400000000000
      0028b52ffd60381add0900f24d3135508b920e50e87612d166b372271135b23c2c8b3ccca3b2845dfe58e3f3dd7866221316
      ee3af0e0ae26467b84fe03ff8bcf4823b2a53f82bf880af951a822d46bf53c0f56eb114a0026126b42b12a144be562c15c32
      982ba3b9361acea6c30910850cbeeafeced1ea5da02391c0f31fc0bf3a0e74ebf1479d71da19076a725b33e1d454c09a0ba4
      2643d76cb89a0ea0e64347b37433e2d394e0684e803429b46645a969f1d1bc2868626ccd8c5353036b6e90ce4cdd99e9e3df
      58850db511fe29088fcf7f3720a0838254cb0199c0a631b527639dd0a8eb322225eec69113eaa61c73586c062a1518aac4ea
      a838c0a1ce65444aba47a4982b44d5b98c4849f788147385a83a971129e91e9162ae1055e7322225dd2352cc15a2ea5c46a4
      a47b448aa92b5384c04402d0c46a908ecc2a4111b0a303fb91a3
      """
  )

  /// The image that a heap insert of 17 holds, without the record: hole of 7756 bytes at 36.
  static let pglzImage = [UInt8](
    hex: """
      0000000000201c4d010101082400701e0020040220010ce09f3c00c09f003c00709e9802ff0203011207010300020002080418000135
      c0040000615c62630f03ff0f03061140f71c500201145062000000056f007400f60c20010420013d0120
      """
  )

  /// `HEAP2 VISIBLE`: block 0 of the visibility map, block 1 of the heap by the flag that repeats the relation.
  static let visible = WALVector(
    version: .v15,
    hex: """
      3b0000000000000020ab54010000000040090000f4374908000200007f060000050000000040000000000000018000000100
      0000ff05d502000003
      """
  )

  /// `HEAP UPDATE` of Neon's version 15, with prefix and suffix.
  static let neonUpdate = WALVector(
    version: .v15,
    hex: """
      830000000404000008c44c0100000000200a000044708ec1002043007f06000005000000eb04000000000000ff1258003000
      210003280000000020ffffffbf00000000000c4000000000000000000000000080bf00000000000000000000707204000000
      00000000000164000000000004040400000400006000000000000000000600
      """
  )

  static let logicalMessage = WALVector(
    version: .v15,
    hex: """
      510000000000000010f956010000000000150000517fce4bff3705000000005500001a000000000000000500000000000000
      6e656f6e2d66696c653a70675f6c6f676963616c2f746573740068656c6c6f
      """
  )

  static let commitWithOrigin = WALVector(
    version: .v15,
    hex: """
      4e0000000000000008fe560100000000b00100004ebd05f8fd0100ff3169f0157de2030300f1000000050000007f060000e9
      0200006769642d6f72696700785634320000000089ef157de2030300
      """
  )

  static let all = [hole, lz4, zstd, visible, neonUpdate, logicalMessage, commitWithOrigin]
}

/// A record taken apart, as values that last: a macro cannot look at what does not.
struct DecodedRecord: Equatable {
  var header: WALRecordHeader
  var blocks: [WALBlockReference]
  var data: [[UInt8]]
  var mainData: [UInt8]
  var origin: UInt16?
  var topLevelTransaction: UInt32?
  var hasValidChecksum: Bool

  init(_ bytes: [UInt8], _ version: PostgresVersion) throws {
    var decoder = WALRecordDecoder(version: version)
    let record = try decoder.decode(bytes.span.bytes)
    header = record.header
    blocks = record.blocks.indices.map { record.blocks[$0] }
    data = record.blocks.indices.map { record.data(of: record.blocks[$0]).withUnsafeBytes { [UInt8]($0) } }
    mainData = record.mainData.withUnsafeBytes { [UInt8]($0) }
    origin = record.origin
    topLevelTransaction = record.topLevelTransaction
    hasValidChecksum = record.hasValidChecksum
    for block in blocks { precondition(record.block(id: block.id) == block) }
  }

  init(_ vector: WALVector) throws { try self.init(vector.bytes, vector.version) }

  func block(_ id: UInt8) -> WALBlockReference? { blocks.first { $0.id == id } }
}

/// Why the bytes are no record; nil if they are one.
func refusal(_ bytes: [UInt8], _ version: PostgresVersion = .v15) -> WALRecordError? {
  var decoder = WALRecordDecoder(version: version)
  do throws(WALRecordError) {
    _ = try decoder.decode(bytes.span.bytes)
    return nil
  } catch {
    return error
  }
}

/// The pages that the record's images restore to.
func restored(
  _ bytes: [UInt8],
  _ version: PostgresVersion,
  pageByteCount: Int = WALPageImage.pageByteCount,
  _ select: (WALBlockReference) -> Bool = { $0.image != nil }
) throws -> [[UInt8]] {
  var decoder = WALRecordDecoder(version: version)
  let record = try decoder.decode(bytes.span.bytes)
  var images = PageImageDecoder()
  var pages: [[UInt8]] = []
  for index in record.blocks.indices where select(record.blocks[index]) {
    var page = [UInt8](repeating: 0xaa, count: pageByteCount)
    var span = page.mutableSpan
    var room = span.mutableBytes
    try images.restore(record.blocks[index], of: record, into: &room)
    pages.append(page)
  }
  return pages
}
