import IndexFormat
import Testing
@testable import Scrubber

@Suite struct ExplainCommandTests {
  private func text(_ arguments: String...) throws(UsageError) -> String {
    try ExplainCommand(ArgumentParser.parse(arguments, for: ExplainCommand.declaration)).text
  }

  @Test func pageOfFindingsIsWhatTheProgramPrints() throws {
    try GoldenText.expect(text("--markdown"), isIn: "docs/findings.md")
  }

  @Test func oneCodeIsAsRecorded() throws {
    try GoldenText.expect(text("layer.missing"), isIn: "explain-layer.missing.txt")
  }

  @Test(arguments: FindingCode.allCases)
  func everyCodeIsExplained(code: FindingCode) throws {
    let text = try text(code.rawValue)
    #expect(
      text.hasPrefix("\(code.rawValue) (\(code.entry.severity.rawValue)): \(code.entry.title)\n\ncause:\n  ")
    )
    #expect(text.contains("\nwhat to do:\n  "))
  }

  @Test func listNamesEveryCodeOnce() throws {
    let codes = try text().split(separator: "\n").compactMap {
      $0.split(separator: " ").first.map(String.init)
    }
    #expect(codes == FindingCode.allCases.map(\.rawValue))
  }

  @Test func unknownCodeGetsTheNearest() {
    #expect(
      throws: UsageError(
        "unknown finding code \"layer.mising\"",
        hint: "Did you mean layer.missing? All codes: scrubber explain"
      )
    ) {
      try text("layer.mising")
    }
    #expect(throws: UsageError("unknown finding code \"\"", hint: "All codes: scrubber explain")) {
      try text("")
    }
  }

  @Test func codeAndMarkdownDoNotGoTogether() {
    #expect(throws: UsageError.self) { try text("layer.missing", "--markdown") }
    #expect(throws: UsageError.self) { try text("layer.missing", "layer.overlap") }
  }
}
