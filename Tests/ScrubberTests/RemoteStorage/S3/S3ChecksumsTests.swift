import Testing

@testable import Scrubber

struct S3ChecksumsTests {
  private let nine = Array("123456789".utf8)

  private func headers(_ lines: [String]) -> HTTPHeaders {
    var headers = HTTPHeaders()
    for line in lines {
      let isAdded = Array("\(line)\r\n".utf8).withUnsafeBytes { headers.add(line: $0) }
      #expect(isAdded)
    }
    return headers
  }

  private func judge(_ lines: [String], etag: String = "", _ bytes: [UInt8]) -> S3Checksums.Verdict {
    S3Checksums(headers(lines)).judge(bytes, etag: etag, ETagTrust(isProved: true))
  }

  @Test func theCheckValuesAreThosePublished() {
    #expect(CRC64NVME.checksum(nine) == 0xae8b_1486_0a79_9888)
    #expect(CRC32.checksum(nine) == 0xcbf4_3926)
    // Eight bytes at a time, and one by one.
    for count in 0..<40 {
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7) }
      var crc = UInt64.max
      for byte in bytes {
        crc ^= UInt64(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x9a6c_9329_ac4b_c9b5 : crc >> 1 }
      }
      #expect(CRC64NVME.checksum(bytes) == ~crc)
    }
  }

  /// Made by Python's zlib and hashlib.
  static let good = [
    "x-amz-checksum-crc64nvme: rosUhgp5mIg=", "X-Amz-Checksum-Crc32: y/Q5Jg==",
    "x-amz-checksum-crc32c: 4waSgw==",
    "x-amz-checksum-sha1: 98O8HYCOBHMq32eZZczDTKeuNEE=",
    "x-amz-checksum-sha256: FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU=",
  ]

  @Test(arguments: good)
  func aChecksumProvesTheBytes(_ line: String) {
    #expect(judge([line], nine) == .proved)
    #expect(judge([line, "x-amz-checksum-type: FULL_OBJECT"], nine) == .proved)
    for index in nine.indices {
      var bytes = nine
      bytes[index] ^= 1
      guard case .mismatch = judge([line], bytes) else {
        Issue.record("\(line) took other bytes")
        return
      }
    }
    // Of parts' checksums nothing follows.
    #expect(judge([line, "x-amz-checksum-type: COMPOSITE"], [1]) == .unknown)
    #expect(judge(["\(line)-2"], [1]) == .unknown)
  }

  @Test func anETagProvesTheBytesUnlessTheObjectIsEncrypted() {
    let etag = "25f9e794323b453885f5181f1b624d0b"
    #expect(judge([], etag: etag, nine) == .proved)
    #expect(judge(["x-amz-server-side-encryption: AES256"], etag: etag, nine) == .proved)
    guard case .mismatch = judge([], etag: etag, [1]) else {
      Issue.record("took other bytes")
      return
    }
    for line in [
      "x-amz-server-side-encryption: aws:kms", "x-amz-server-side-encryption-customer-algorithm: AES256",
    ] {
      #expect(judge([line], etag: etag, [1]) == .unknown)
    }
    for other in ["", "\(etag)-2", "25f9e794323b453885f5181f1b624d0", "x5f9e794323b453885f5181f1b624d0b"] {
      #expect(judge([], etag: other, [1]) == .unknown)
    }
  }

  @Test func aServerThatMakesItsOwnETagsIsFoundOut() {
    let trust = ETagTrust()
    #expect(trust.compare("aa", with: "bb") == .mismatch)
    #expect(trust.compare("aa", with: "cc") == .mismatch)
    // The same bytes for the same ETag: nothing follows from it.
    #expect(trust.compare("aa", with: "cc") == .unknown)
    #expect(trust.compare("dd", with: "ee") == .unknown)
  }

  @Test func whatIsWrittenRaisesNoDoubt() {
    let trust = ETagTrust()
    for number in 0..<3 { #expect(trust.compare("a\(number)", with: "bb", mayDoubt: false) == .unknown) }
    #expect(trust.compare("aa", with: "aa", mayDoubt: false) == .proved)
    #expect(trust.compare("aa", with: "bb", mayDoubt: false) == .mismatch)
  }

  @Test func aServerWhoseETagsAgreedOnceIsHeldToThem() {
    let trust = ETagTrust()
    #expect(trust.compare("aa", with: "aa") == .proved)
    for _ in 0..<5 { #expect(trust.compare("bb", with: "cc") == .mismatch) }
  }

  @Test func headersAreFoundInAnyCase() {
    let found = headers([
      "HTTP/1.1 200 OK", "ETag:  \"a\" ", "X-Etag: b", "Date: 1", "date: 2", "empty:", "etagx: c",
    ])
    #expect(found["etag"] == "\"a\"")
    #expect(found["date"] == "2")
    #expect(found["empty"] == "")
    #expect(found["length"] == nil)
    #expect(found["eta"] == nil)
  }

  @Test func headersHaveABound() {
    var headers = HTTPHeaders()
    let line = Array("x: \(String(repeating: "y", count: 1000))\r\n".utf8)
    let taken = (0..<1000).prefix { _ in line.withUnsafeBytes { headers.add(line: $0) } }.count
    #expect((200..<300).contains(taken))
  }
}
