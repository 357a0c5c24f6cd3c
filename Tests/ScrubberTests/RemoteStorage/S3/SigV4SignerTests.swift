import Testing

@testable import Scrubber

/// The worked examples of AWS's document "Signature Calculations for the Authorization Header".
struct SigV4SignerTests {
  struct Example: Sendable {
    var method = "GET"
    var path = "/"
    var query = ""
    var headers: [(name: String, value: String)] = []
    var body = ""
    var signature: String
  }

  static let examples = [
    Example(
      path: "/test.txt",
      headers: [("range", "bytes=0-9")],
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    ),
    Example(
      method: "PUT",
      path: "/test%24file.text",
      headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      body: "Welcome to Amazon S3.",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
    ),
    Example(
      query: "lifecycle=",
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
    ),
    Example(
      query: "max-keys=2&prefix=J",
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
    ),
  ]

  @Test(arguments: examples)
  func theExamplesOfAWSAreSignedAsPublished(_ example: Example) throws {
    let credentials = S3Credentials(
      accessKey: "AKIAIOSFODNN7EXAMPLE",
      secretKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    )
    let signer = SigV4Signer(credentials: credentials, region: "us-east-1")
    let time = try #require(Timestamp(rfc3339: "2013-05-24T00:00:00Z"))
    let message = SigV4Signer.Message(
      method: example.method,
      path: example.path,
      query: example.query,
      headers: [("host", "examplebucket.s3.amazonaws.com")] + example.headers,
      bodySHA256: Digest.sha256(Array(example.body.utf8)).lowercaseHex
    )
    // Twice: the second time with the day's key from memory.
    for _ in 0..<2 {
      let authorization = signer.sign(message, at: time).last { $0.name == "authorization" }?.value
      #expect(authorization?.hasSuffix("Signature=\(example.signature)") == true)
    }
  }

  @Test func pathsAndQueriesHaveOneSpelling() {
    #expect(PercentEncoding.path("a b+c/ä~*.-_") == "a%20b%2Bc/%C3%A4~%2A.-_")
    #expect(PercentEncoding.query([("b", ""), ("a", "x/y=z"), ("a-b", "1")]) == "a=x%2Fy%3Dz&a-b=1&b=")
  }

  @Test func listedKeysAreDecodedInBothSpellings() {
    func decode(_ text: String) -> String? {
      PercentEncoding.decode(Array(text.utf8)[...]).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(decode("a+b%20c%2Bd%2f") == "a b c+d/")
    #expect(decode("%") == nil)
    #expect(decode("%2") == nil)
    #expect(decode("%+1") == nil)
  }

  @Test func base64HasItsPadding() {
    let expected = ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg=="]
    for (count, text) in expected.enumerated() {
      #expect(Array("foobar".utf8.prefix(count)).base64 == text)
    }
  }
}
