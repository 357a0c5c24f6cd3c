import Testing

@testable import IndexFormat
@testable import Scrubber

struct CredentialPartsTests {
  @Test(arguments: [
    ("a b", ["a", "b"]), ("  a\tb\r\n ", ["a", "b"]), ("'a b' c", ["a b", "c"]), ("", []),
    (#""a \" b" "c\d" "e\\f""#, ["a \" b", #"c\d"#, #"e\f"#]),
    (#"a\ b 'it'\''s' """#, ["a b", "it's", ""]),
    (#""$HOME" `x` *.c #c ~"#, ["$HOME", "`x`", "*.c", "#c", "~"]),
    (#"a"b"c"#, ["abc"]), ("''", [""]), ("'\\'", ["\\"]), ("ü 'ö ä'", ["ü", "ö ä"]),
    ("'open", nil), (#""open"#, nil), (#"a\"#, nil), (#""a\"#, nil),
  ])
  func commandLinesAreSplitAsByAShell(_ text: String, _ words: [String]?) {
    #expect(ShellWords.split(text) == words)
  }

  @Test(arguments: [
    ("http://127.0.0.1/x?y=z", "http://127.0.0.1", "/x?y=z", true),
    ("http://127.9.9.9:80", "http://127.9.9.9", "", true),
    ("HTTP://LocalHost:8080/", "http://localhost:8080", "/", true),
    ("http://[::1]:99/x", "http://[::1]:99", "/x", true),
    ("http://169.254.170.2/a", "http://169.254.170.2", "/a", true),
    ("http://169.254.170.23/a", "http://169.254.170.23", "/a", true),
    ("http://[fd00:ec2::23]/a", "http://[fd00:ec2::23]", "/a", true),
    ("http://[FD00:0EC2:0::23]/a", "http://[fd00:0ec2:0::23]", "/a", true),
    ("http://169.254.169.254/", "http://169.254.169.254", "/", false),
    ("http://169.254.170.3/", "http://169.254.170.3", "/", false),
    ("http://[fd00:ec2::24]/", "http://[fd00:ec2::24]", "/", false),
    ("http://[::ffff:127.0.0.1]/", "http://[::ffff:127.0.0.1]", "/", false),
    ("http://127.0.0.1.example.com/", "http://127.0.0.1.example.com", "/", false),
    ("http://127.1/", "http://127.1", "/", false),
    ("http://0x7f000001/", "http://0x7f000001", "/", false),
    ("http://localhost.example.com", "http://localhost.example.com", "", false),
    ("https://example.com:443?q", "https://example.com", "/?q", false),
  ])
  func addressesAreReadAndJudged(_ text: String, _ origin: String, _ target: String, _ isTrusted: Bool) {
    let address = ServiceAddress(text)
    #expect(address?.origin == origin)
    #expect(address?.target == target)
    #expect(address?.isTrustedWithoutEncryption == isTrusted)
  }

  @Test(arguments: [
    "", "127.0.0.1", "ftp://x", "http://", "http:///x", "http://a@127.0.0.1", "http://127.0.0.1@example.com/",
    "http://127.0.0.1\\@example.com/", "http://127.0.0.1#@example.com/", "http://127.0.0.1:0",
    "http://x:65536",
    "http://x:+80", "http://x:", "http://[::1", "http://::1/", "http://[x]/", "http://a b/", "http://a\r\nb",
    "http://x/\u{e4}", "http://x/%0d|", "http://a,b",
  ])
  func otherAddressesAreRefused(_ text: String) {
    #expect(ServiceAddress(text) == nil)
  }

  @Test(arguments: [
    ("2024-02-29T01:02:03Z", "2024-02-29T01:02:03Z"), ("2024-02-29T01:02:03.5Z", "2024-02-29T01:02:03.5Z"),
    ("2024-02-29T01:02:03+01:30", "2024-02-28T23:32:03Z"),
    ("2024-02-29T01:02:03-02:00", "2024-02-29T03:02:03Z"),
    ("2024-02-29T01:02:03UTC", "2024-02-29T01:02:03Z"), ("2024-02-29T01:02:03", nil),
    ("2023-02-29T01:02:03Z", nil),
    ("2024-02-29T01:02:03+24:00", nil), ("2024-02-29T01:02:03+1:000", nil), ("+01:00", nil), ("", nil),
    ("soon", nil),
  ])
  func timesOfExpiryAreRead(_ text: String, _ expected: String?) {
    #expect(Timestamp(expiration: text)?.rfc3339 == expected)
  }

  @Test(arguments: [
    ("no such user\nsecond line", "no such user"), ("", ""), ("\n\nlate", "late"),
    ("key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY!", "key …!"), ("token=abcdefgh12345678", "…"),
    (
      "a long word without numbers: internationalization", "a long word without numbers: internationalization"
    ),
    ("red \u{1b}[31malert\u{202e}", "red  [31malert "),
  ])
  func whatProgramsSayIsShownWithoutKeys(_ text: String, _ expected: String) {
    #expect(SafeText.lineWithoutKeys(text) == expected)
  }

  @Test func textsOfOthersAreShort() {
    #expect(SafeText.line(String(repeating: "ab ", count: 1000)).count == 201)
    #expect(SafeText.line("the hush is hush", hiding: ["hush", nil, ""]) == "the … is …")
  }

  @Test func smallObjectsOfJSONAreReadByPath() throws {
    let text = #"{"a":"x\u0041","b":{"c":1,"d":{"e":"deep"}},"f":[1,{"g":"no"}],"h":1.5,"i":-7,"j":null}"#
    let json = try JSONScalars(parsing: Array(text.utf8))
    #expect(json.text("a") == "xA")
    #expect(json.integer("b.c") == 1)
    #expect(json.text("b.d.e") == "deep")
    #expect(json.integer("i") == -7)
    #expect(
      [json.text("f"), json.text("g"), json.text("h"), json.text("j"), json.text("b")] == [
        nil, nil, nil, nil, nil,
      ]
    )
    #expect(json.integer("h") == nil)
    #expect(!shown(json).contains("deep"))
    let long = String(repeating: "n", count: 65)
    let named = try JSONScalars(parsing: Array(#"{"\#(long)":{"a":1},"b":2}"#.utf8))
    #expect(named.integer("\(long).a") == nil && named.integer("b") == 2)
    for bad in ["", "[]", "1", "{\"a\":1,\"a\":2}", "{\"a\":1} x", "{\"a\":01}", "{"] {
      #expect(throws: FormatError.self) { try JSONScalars(parsing: Array(bad.utf8)) }
    }
    for end in text.utf8.indices {
      #expect(throws: FormatError.self) { try JSONScalars(parsing: Array(text.utf8[..<end])) }
    }
    let deep = String(repeating: "{\"a\":", count: 1000) + "1" + String(repeating: "}", count: 1000)
    #expect(throws: FormatError.self) { try JSONScalars(parsing: Array(deep.utf8)) }
  }

  @Test func endpointsOfServicesAreThoseOfTheTools() throws {
    let fixture = try CredentialFixture(
      configuration: """
        [default]
        services = s
        endpoint_url = http://profile
        [services s]
        sts =
          endpoint_url = http://section
        """
    )
    func origin(_ service: AWSService, _ region: String, _ more: [String: String] = [:]) throws -> String {
      let environment = fixture.environment(["AWS_ENDPOINT_URL": ""].merging(more) { $1 })
      let files = try SharedConfiguration(environment: environment)
      return try service.address(region: region, environment: environment, files: files).origin
    }
    #expect(try origin(.sts, "eu-west-1") == "http://section")
    #expect(try origin(.sso, "eu-west-1") == "http://profile")
    #expect(try origin(.sts, "eu-west-1", ["AWS_ENDPOINT_URL": "http://all"]) == "http://all")
    let own = ["AWS_ENDPOINT_URL": "http://all", "AWS_ENDPOINT_URL_STS": "https://own/"]
    #expect(try origin(.sts, "eu-west-1", own) == "https://own")
    let own2 = ["AWS_ENDPOINT_URL_SSO_OIDC": "https://own"]
    #expect(try origin(.singleSignOnTokens, "eu-west-1", own2) == "https://own")
    let none = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true", "AWS_ENDPOINT_URL_STS": "https://own"]
    #expect(try origin(.sts, "eu-west-1", none) == "https://sts.eu-west-1.amazonaws.com")
    #expect(try origin(.sts, "cn-north-1", none) == "https://sts.cn-north-1.amazonaws.com.cn")
    #expect(try origin(.sso, "us-iso-east-1", none) == "https://portal.sso.us-iso-east-1.c2s.ic.gov")
    #expect(
      try origin(.singleSignOnTokens, "us-gov-west-1", none) == "https://oidc.us-gov-west-1.amazonaws.com"
    )
    for bad in ["http://user:hush@host", "http://host/path", "hush"] {
      let error = #expect(throws: S3ConfigurationError.self) {
        try origin(.sts, "x", ["AWS_ENDPOINT_URL_STS": bad])
      }
      #expect(error?.message.contains("hush") == false)
    }
    #expect(throws: S3ConfigurationError.self) { try origin(.sts, "evil.com/x", none) }
  }
}
