import Foundation
import Testing

@testable import Scrubber

struct INIFileTests {
  private static let cases: [(text: String, sections: [String: [String: String]])] = [
    ("", [:]),
    ("[a]\nk = v\n", ["a": ["k": "v"]]),
    ("\u{feff}[a]\r\nk=v\r\nl = w \r\n", ["a": ["k": "v", "l": "w"]]),
    ("[a]\nKey = v", ["a": ["key": "v"]]),
    ("[a]\nk = x=y=z", ["a": ["k": "x=y=z"]]),
    ("[a]\nk: v", ["a": ["k": "v"]]),
    ("[a]\nk = arn:aws:x", ["a": ["k": "arn:aws:x"]]),
    ("# c\n; c\n[a] # c\n  # c\nk = v # c\nl = w;x ; c\nm = #", ["a": ["k": "v", "l": "w;x"]]),
    ("[a]\nk = 1\n[b]\nk = 2\n[a]\nk = 3\nl = 4", ["a": ["k": "3", "l": "4"], "b": ["k": "2"]]),
    ("[a]\nk =\nl = 1", ["a": ["l": "1"]]),
    ("[a]\ns3 =\n  max = 1\n  k = no\nk = yes", ["a": ["s3.max": "1", "s3.k": "no", "k": "yes"]]),
    ("[a]\n  k = 1\n  l = 2\n\tm = 3", ["a": ["k": "1", "l": "2", "m": "3"]]),
    ("[a]\nk = 1\n  more = text", ["a": ["k": "1\nmore = text"]]),
    ("[a]\n[b]\n[ profile  c ]\nk=v", ["a": [:], "b": [:], "profile  c": ["k": "v"]]),
    ("[a]\ncredential_process = p \"x # y\" ; z", ["a": ["credential_process": "p \"x # y\" ; z"]]),
    ("[ü]\nk = ö", ["ü": ["k": "ö"]]),
  ]

  @Test(arguments: cases.indices)
  func sectionsAreRead(_ number: Int) throws {
    let sample = Self.cases[number]
    #expect(try INIFile(parsing: Array(sample.text.utf8), path: "f").sections == sample.sections)
  }

  @Test(arguments: [
    ("k = hush", "f: line 1: a setting stands before the first section"),
    ("[a]\nhush", "f: line 2: there is neither a section nor a setting"),
    ("[a]\n= hush", "f: line 2: there is neither a section nor a setting"),
    ("\n[hush", "f: line 2: the name of a section has no end"),
    ("[ ]", "f: line 1: a section has no name"),
    ("[a]\nk =\n  hush", "f: line 3: there is no setting below k"),
    ("[a]\nk = hu\0sh", "f: the file is not text in UTF-8"),
  ])
  func whatIsNoSuchFileIsRefusedWithoutRepeatingIt(_ text: String, _ message: String) {
    let error = #expect(throws: S3ConfigurationError.self) {
      try INIFile(parsing: Array(text.utf8), path: "f")
    }
    #expect(error?.message == message)
    #expect(error?.message.contains("hush") == false)
  }

  /// Cut anywhere, and with every byte changed to some others, a file is read or refused; never a crash.
  @Test func damagedFilesAreReadOrRefused() {
    let bytes = Array("[default]\r\nk = v # c\ns3 =\n  a = b\n[profile \"x\"]\n  l: w\n".utf8)
    var refused = 0
    func read(_ bytes: [UInt8]) {
      do { _ = try INIFile(parsing: bytes, path: "f") } catch { refused += 1 }
    }
    for end in bytes.indices { read(Array(bytes[..<end])) }
    for index in bytes.indices {
      for byte: UInt8 in [0, 9, 10, 13, 32, 34, 35, 61, 91, 93, 0xff] {
        var damaged = bytes
        damaged[index] = byte
        read(damaged)
      }
    }
    #expect(refused > 100)
  }

  @Test func secretsAreNotShown() throws {
    let file = try INIFile(parsing: Array("[a]\naws_secret_access_key = hush".utf8), path: "f")
    #expect(!shown(file).contains("hush"))
    #expect(shown(file).contains("INIFile(1 sections)"))
  }

  /// Takes minutes if each line costs a copy of those before it.
  @Test func aValueOfManyLinesIsReadInOneGo() throws {
    let lines = String(repeating: " abc\n", count: 200_000)
    let file = try INIFile(parsing: Array("[a]\nk = v\n\(lines)".utf8), path: "f")
    #expect(file.sections["a"]?["k"]?.utf8.count == 800_001)
    #expect(ShellWords.split(String(repeating: #"\a"#, count: 500_000))?.first?.utf8.count == 500_000)
  }

  // MARK: Profiles

  @Test(
    arguments: [
      (nil, "d2"), ("default", "d2"), ("a", "a1"), ("b c", "b1"), ("credentials", "c1"), ("plain", nil),
      ("profile a", nil), ("sso-session s", nil),
    ] as [(String?, String?)]
  )
  func profilesAreFoundByName(_ name: String?, _ region: String?) throws {
    let fixture = try CredentialFixture(
      configuration: """
        [default]
        region = d1
        [profile default]
        region = d2
        [profile a]
        region = a1
        [profile "b c"]
        region = b1
        [plain]
        region = p1
        [sso-session s]
        region = s1
        [profile two words]
        region = w1
        [profile "open]
        region = o1
        """,
      credentials: "[credentials]\nregion = c1\n"
    )
    let files = try SharedConfiguration(
      environment: fixture.environment(name.map { ["AWS_PROFILE": $0] } ?? [:])
    )
    #expect(files.configuration["region"] == region)
    #expect(files.section("sso-session", "s")?["region"] == "s1")
  }

  @Test func theCredentialsFileWinsOverTheOther() throws {
    let fixture = try CredentialFixture(
      configuration: "[profile a]\nregion = one\nrole_arn = r\n",
      credentials: "[a]\nregion = two\n"
    )
    let files = try SharedConfiguration(environment: fixture.environment(["AWS_DEFAULT_PROFILE": "a"]))
    #expect(files.configuration == ["region": "two", "role_arn": "r"])
  }

  @Test func whatIsNoFileCountsAsNone() throws {
    let fixture = try CredentialFixture()
    try fixture.folder.check("mkfifo", mkfifo("\(fixture.folder.path)/pipe", 0o600))
    for path in [
      "/dev/null", "/dev/zero", fixture.folder.path, "\(fixture.folder.path)/pipe", "/nonexistent",
    ] {
      let variables = ["AWS_CONFIG_FILE": path, "AWS_SHARED_CREDENTIALS_FILE": path]
      #expect(try SharedConfiguration(environment: fixture.environment(variables))["default"] == nil)
    }
    #expect(try SharedConfiguration(environment: Environment([:]))["default"] == nil)
  }

  @Test func filesThatAreTooLargeAreRefused() throws {
    let fixture = try CredentialFixture(configuration: "[a]\n" + String(repeating: "k = v\n", count: 200_000))
    let error = #expect(throws: S3ConfigurationError.self) {
      try SharedConfiguration(environment: fixture.environment())
    }
    #expect(error?.message == "\(fixture.folder.path)/.aws/config: the file is larger than 1048576 bytes")
  }
}

/// All the ways in which a value may come to be printed.
func shown(_ value: Any) -> String {
  var text = "\(value) \(String(reflecting: value)) "
  dump(value, to: &text)
  return text
}
