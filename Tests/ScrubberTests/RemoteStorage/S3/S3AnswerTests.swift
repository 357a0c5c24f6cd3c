import Testing

@testable import Scrubber

struct S3AnswerTests {
  private func parse(_ inner: String) throws -> S3ListAnswer {
    let text = "<?xml version=\"1.0\"?><ListBucketResult xmlns=\"x\">\(inner)</ListBucketResult>"
    return try S3ListAnswer.parse(Array(text.utf8), as: .objects)
  }

  private let object =
    "<Contents><Key>a+b%2Bc&amp;</Key><LastModified>2026-11-23T02:10:30.5Z</LastModified>"
    + "<ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>"

  @Test func aPageIsRead() throws {
    let answer = try parse("<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>" + object)
    #expect(answer.entries.map(answer.key) == ["a b+c&"])
    #expect(answer.entries.first?.size == 7)
    #expect(!answer.isTruncated)
  }

  @Test func versionsHaveTheirDetails() throws {
    let text =
      "<ListVersionsResult><IsTruncated>true</IsTruncated><NextKeyMarker>b</NextKeyMarker><Version><Key>a</Key>"
      + "<LastModified>2026-11-23T02:10:30Z</LastModified><ETag>\"e\"</ETag><Size>7</Size><VersionId>v2</VersionId>"
      + "<IsLatest>false</IsLatest></Version><DeleteMarker><Key>b</Key><VersionId>v3</VersionId>"
      + "<LastModified>2026-11-23T02:10:31Z</LastModified><IsLatest>true</IsLatest></DeleteMarker></ListVersionsResult>"
    let answer = try S3ListAnswer.parse(Array(text.utf8), as: .versions)
    #expect(answer.entries.map(answer.key) == ["a", "b"])
    #expect(answer.entries.map(\.etag) == ["e", ""])
    #expect(answer.entries.map(\.version) == ["v2", "v3"])
    #expect(answer.entries.map(\.isLatest) == [false, true])
    #expect(answer.entries.map(\.isDeleteMarker) == [false, true])
    #expect(answer.isTruncated)
    #expect(answer.nextKeyMarker == Array("b".utf8))
  }

  @Test func withoutTheEncodingKeysAreTakenAsTheyStand() throws {
    let answer = try parse("<IsTruncated>false</IsTruncated>" + object)
    #expect(answer.entries.map(answer.key) == ["a+b%2Bc&"])
  }

  /// Each would give a wrong listing if it were read leniently.
  @Test(arguments: [
    "", "<IsTruncated>maybe</IsTruncated>",
    "<IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents>",
    "<IsTruncated>false</IsTruncated><Contents><Size>1</Size></Contents>",
    "<IsTruncated>false</IsTruncated><Contents><Key>a</Key><LastModified>2026-11-23T02:10:30Z</LastModified>"
      + "<Size>-1</Size></Contents>",
    "<IsTruncated>false</IsTruncated><Contents><Key>a</Key><LastModified>2026-11-23T02:10:30Z</LastModified>"
      + "<Size>18446744073709551616</Size></Contents>",
    "<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated><Contents><Key>a%4</Key>"
      + "<LastModified>2026-11-23T02:10:30Z</LastModified><Size>1</Size></Contents>",
    "<IsTruncated>false</IsTruncated><Contents>", "</ListBucketResult>",
  ])
  func whatIsGarbledIsAnError(_ inner: String) {
    #expect(throws: XMLError.self) { try parse(inner) }
  }

  @Test(arguments: [
    "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a>&b;</a>", "<a/><b/>", "<a>\u{1}</a>", "", "plain", "<a",
    String(repeating: "<a>", count: 20) + String(repeating: "</a>", count: 20),
    "<a>\(String(repeating: "x", count: 70_000))</a>",
  ])
  func whatNoStoreSendsIsRefused(_ text: String) {
    #expect(throws: XMLError.self) { try XMLReader.read(Array(text.utf8), by: S3ErrorAnswer()) }
  }

  @Test func aCutAnswerIsRefusedAtEveryByte() {
    let text = "<ListBucketResult><IsTruncated>false</IsTruncated>\(object)</ListBucketResult>"
    let bytes = Array(text.utf8)
    for count in bytes.indices {
      #expect(throws: XMLError.self, "\(count) bytes") {
        try S3ListAnswer.parse(Array(bytes[..<count]), as: .objects)
      }
    }
  }

  @Test func datesOfHeadersAreRead() {
    #expect(HTTPDate.parse("Tue, 15 Nov 1994 08:12:31 GMT")?.rfc3339 == "1994-11-15T08:12:31Z")
    for text in [
      "Tue, 15 Nov 1994 08:12:31", "Tue, 15 Nev 1994 08:12:31 GMT", "Tue, 31 Feb 1994 08:12:31 GMT", "",
    ] {
      #expect(HTTPDate.parse(text) == nil, "\(text)")
    }
  }
}
