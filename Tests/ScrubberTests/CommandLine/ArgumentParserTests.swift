import Testing
@testable import Scrubber

@Suite struct ArgumentParserTests {
  private let command = CommandDeclaration(
    name: "try",
    summary: "try it",
    usage: [],
    options: [
      OptionDeclaration("flag", short: "f", help: "A flag."),
      OptionDeclaration("verbose", short: "v", help: "Another."),
      OptionDeclaration("count", short: "c", .value(name: "N"), help: "A value."),
      OptionDeclaration("id", .values(name: "ID"), help: "Values."),
    ],
    maximumOperands: 2
  )

  private func parse(_ arguments: String...) throws(UsageError) -> ParsedArguments {
    try ArgumentParser.parse(arguments, for: command)
  }

  private func refusal(_ arguments: String...) -> String? {
    do throws(UsageError) {
      _ = try ArgumentParser.parse(arguments, for: command)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [["--count", "4"], ["--count=4"], ["-c", "4"], ["-c4"], ["-c=4"]])
  func valueMayStandInEveryForm(arguments: [String]) throws {
    let parsed = try ArgumentParser.parse(arguments, for: command)
    #expect(parsed.first("count") == "4")
  }

  @Test func shortFlagsMayStandTogether() throws {
    let parsed = try parse("-fvc7")
    #expect(parsed.has("flag"))
    #expect(parsed.has("verbose"))
    #expect(parsed.first("count") == "7")
  }

  @Test func attachedValueMayBeginWithADashOrBeEmptyOrHoldEquals() throws {
    #expect(try parse("--count=-4").first("count") == "-4")
    #expect(try parse("--count=").first("count") == "")
    #expect(try parse("--count=a=b").first("count") == "a=b")
    #expect(try parse("--count", "-").first("count") == "-")
  }

  @Test func valuesMayFollowEachOtherOrBeRepeated() throws {
    #expect(try parse("--id", "a", "b", "--id", "c", "-f", "d") == parse("--id", "a", "b", "c", "-f", "d"))
    let parsed = try parse("--id", "a", "b", "--flag", "x")
    #expect(parsed.all("id") == ["a", "b"])
    #expect(parsed.operands == ["x"])
    #expect(try parse("--id=a", "x").operands == ["x"])
  }

  @Test func everythingBehindTwoDashesIsAnOperand() throws {
    let parsed = try parse("-f", "--", "--count", "-x")
    #expect(parsed.operands == ["--count", "-x"])
    #expect(!parsed.has("count"))
  }

  @Test func flagGivenTwiceIsOneFlag() throws {
    #expect(try parse("-f", "--flag") == parse("-f"))
  }

  @Test func mistakesAreNamed() {
    let list = "All options: scrubber help try"
    #expect(
      refusal("--cuont", "4")
        == "scrubber: unknown option --cuont of try\nHINT: Did you mean --count? \(list)"
    )
    #expect(refusal("--zzz") == "scrubber: unknown option --zzz of try\nHINT: \(list)")
    #expect(refusal("-x") == "scrubber: unknown option -x of try\nHINT: \(list)")
    #expect(refusal("-fx") == "scrubber: unknown option -x of try\nHINT: \(list)")
    #expect(refusal("--flag=yes") == "scrubber: --flag takes no value, found \"yes\"")
    #expect(
      refusal("--count")
        == "scrubber: --count needs a value\nHINT: Write --count N; see \"scrubber help try\"."
    )
    #expect(
      refusal("--count", "--flag")?.hasPrefix("scrubber: --count needs a value, found \"--flag\"\n") == true
    )
    #expect(refusal("--id", "-f")?.hasPrefix("scrubber: --id needs a value, found \"-f\"\n") == true)
    #expect(refusal("-c1", "--count=2") == "scrubber: --count is given more than once")
    #expect(refusal("a", "b", "c") == "scrubber: try: unexpected argument \"c\"\nHINT: \(list)")
  }

  @Test func mistakesAreSafeForATerminal() {
    #expect(refusal("--\u{1b}[2J")?.contains("--\\x1b[2J") == true)
  }
}

@Suite struct NearestNameTests {
  @Test(arguments: [
    ("", "", 0), ("", "abc", 3), ("abc", "", 3), ("abc", "abc", 0), ("abc", "abd", 1), ("abc", "ab", 1),
    ("abc", "xabc", 1), ("abcd", "acbd", 1), ("kitten", "sitting", 3), ("ca", "abc", 3),
  ])
  func distances(left: String, right: String, expected: Int) {
    #expect(NearestName.distance(left, right) == expected)
    #expect(NearestName.distance(right, left) == expected)
  }

  @Test func nearestIsFoundAndFarIsNot() {
    let names = ["scan-metadata", "explain", "help"]
    #expect(NearestName.find("scan-metdata", among: names) == "scan-metadata")
    #expect(NearestName.find("scan", among: names) == "scan-metadata")
    #expect(NearestName.find("hepl", among: names) == "help")
    #expect(NearestName.find("frobnicate", among: names) == nil)
    #expect(NearestName.find("", among: names) == nil)
    #expect(NearestName.find(String(repeating: "explain", count: 100), among: names) == nil)
  }
}
