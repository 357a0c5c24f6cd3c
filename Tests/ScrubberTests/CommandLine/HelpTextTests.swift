import Foundation
import Testing
@testable import Scrubber

@Suite struct HelpTextTests {
  private func shown(_ arguments: String...) throws -> String {
    let invocation = try Invocation(arguments, environment: Environment([:]))
    guard case .show(let text) = invocation else {
      Issue.record("expected a text")
      return ""
    }
    return text
  }

  @Test func textsAreAsRecorded() throws {
    try GoldenText.expect(shown("--help"), isIn: "help.txt")
    try GoldenText.expect(shown("help", "scan-metadata"), isIn: "help-scan-metadata.txt")
    try GoldenText.expect(shown("help", "tenant-snapshot"), isIn: "help-tenant-snapshot.txt")
    try GoldenText.expect(shown("help", "explain"), isIn: "help-explain.txt")
  }

  @Test func everyWayToAskGivesTheSameText() throws {
    #expect(try shown("-h") == shown("--help"))
    #expect(try shown("help") == shown("--help"))
    #expect(try shown("scan-metadata", "--help") == shown("help", "scan-metadata"))
    #expect(try shown("scan-metadata", "--bucket", "-h") == shown("help", "scan-metadata"))
    #expect(try shown("scan-metadata", "--nonsense", "--help") == shown("help", "scan-metadata"))
  }

  @Test func everyCommandAndGroupHasHelp() throws {
    for declaration in Invocation.commands {
      let words = declaration.name.split(separator: " ").map(String.init)
      guard case .show(let text) = try Invocation(words + ["--help"], environment: Environment([:])) else {
        Issue.record("no help of \(declaration.name)")
        continue
      }
      #expect(try Invocation(["help"] + words, environment: Environment([:])) == .show(text))
      #expect(text.hasPrefix("usage: scrubber \(declaration.name)"))
    }
    for group in ForensicCommand.groups {
      #expect(try shown("help", group.name) == shown(group.name, "--help"))
      #expect(try shown(group.name, "-h").contains("\(group.name) "))
    }
  }

  @Test(
    arguments: Invocation.commands.map { "help \($0.name)" }
      + ForensicCommand.groups.map { "help \($0.name)" }
      + ["--help"]
  )
  func linesFitATerminal(arguments: String) throws {
    let invocation = try Invocation(
      arguments.split(separator: " ").map(String.init),
      environment: Environment([:])
    )
    guard case .show(let text) = invocation else { return }
    for line in text.split(separator: "\n") { #expect(line.count <= 100, "\(line)") }
  }

  @Test func versionTellsTheFormats() throws {
    #expect(
      try shown("--version") == """
        scrubber 0.1.0 (\(Version.commit))
        index_part.json versions 1-15, tenant manifest 1-2, timeline metadata formats 3-4
        PostgreSQL 14-17

        """
    )
    #expect(!Version.commit.isEmpty)
  }

  @Test func manualNamesEveryOptionCommandExitCodeAndVariable() throws {
    let page = GoldenText.root.appending(path: "docs/man/scrubber.1")
    let manual = String(decoding: try Data(contentsOf: page), as: UTF8.self)
    for declaration in Invocation.commands {
      #expect(manual.contains(".Ss \(declaration.name)\n"))
      for option in declaration.options {
        #expect(manual.contains("Fl \\-\(option.name)"), "\(declaration.name) --\(option.name)")
        if let short = option.short { #expect(manual.contains(".It Fl \(short) , Fl \\-\(option.name)")) }
      }
    }
    let options = ScanMetadataCommand.declaration.options + TenantSnapshotCommand.declaration.options
    for option in options where option.valueName != nil {
      #expect(manual.contains("Fl \\-\(option.name) Ar "), "\(option.name) takes a value")
    }
    for code in ExitCode.allCases { #expect(manual.contains(".It \(code.rawValue)\n")) }
    for row in Environment.documentation.rows {
      #expect(manual.contains(".It Ev \((row.first ?? "").replacing(", ", with: " , "))\n"))
    }
  }

  @Test func wordsWrapAtTheEdge() {
    let word = String(repeating: "x", count: 44)
    #expect(HelpText.wrap("\(word) \(word)x", indent: 0) == ["\(word) \(word)x"])
    #expect(HelpText.wrap("\(word) \(word)x", indent: 1) == [" \(word)", " \(word)x"])
    #expect(HelpText.wrap("", indent: 3) == [])
  }
}
