import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// What the Markdown files say of commands, options, findings, exit codes and files must be true.
struct DocumentationTests {
  struct Page: Sendable, CustomTestStringConvertible {
    /// Relative to the repository's root.
    var path: String
    var text: String

    var testDescription: String { path }

    init(_ path: String) throws {
      self.path = path
      text = try String(contentsOf: GoldenText.root.appending(path: path), encoding: .utf8)
    }

    var lines: [String] { text.components(separatedBy: "\n") }

    /// The lines of blocks between fences or indented by four spaces.
    var codeLines: [String] {
      var isInFence = false
      return lines.compactMap { line in
        if line.hasPrefix("```") {
          isInFence.toggle()
          return nil
        }
        return isInFence ? line : line.hasPrefix("    ") ? String(line.dropFirst(4)) : nil
      }
    }

    /// The command lines of the program, without what a shell does with its output.
    var commandLines: [[String]] {
      codeLines.map { $0.hasPrefix("$ ") ? String($0.dropFirst(2)) : $0 }
        .filter { $0.hasPrefix("scrubber ") }
        .map { $0.split(separator: " ").dropFirst().prefix { $0 != ">" && $0 != "|" }.map(String.init) }
    }
  }

  private static let readme = "README.md"

  /// All Markdown files of the repository.
  private static func pages() throws -> [Page] {
    let folders = ["docs", "changelog", "samples"]
    let inFolders = try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: GoldenText.root.appending(path: folder).path)
        .map { "\(folder)/\($0)" }
    }
    // What `make-damaged` left is no documentation.
    let paths = inFolders.filter { $0.hasSuffix(".md") && !$0.hasPrefix("samples/damaged/") }
    return try (["README.md", "CONTRIBUTING.md"] + paths.sorted()).map(Page.init)
  }

  @Test func thePagesAreFound() throws {
    let paths = Set(try Self.pages().map(\.path))
    #expect(
      paths.isSuperset(of: ["docs/architecture.md", "docs/formats/index-part.md", "samples/README.md"])
    )
  }

  @Test func commandLinesAreUnderstood() throws {
    let lines = try [Self.readme, "samples/README.md"].flatMap { try Page($0).commandLines }
    #expect(lines.count >= 12)
    for line in lines {
      #expect(throws: Never.self, "scrubber \(line.joined(separator: " "))") {
        _ = try Invocation(line, environment: Environment([:]))
      }
    }
  }

  @Test func optionsThatTheReadmeNamesExist() throws {
    let known = Set((Invocation.commands.flatMap(\.options) + HelpText.programOptions).map { "--\($0.name)" })
    let named = try Page(Self.readme).text.matches(of: /--[a-z][a-z-]*/).map { String($0.output) }
    #expect(named.count > 10)
    #expect(Set(named).subtracting(known) == [])
  }

  @Test func findingCodesThatPagesNameExist() throws {
    let known = Set(FindingCode.allCases.map(\.rawValue))
    let topics = Set(known.compactMap { $0.split(separator: ".").first })
    var count = 0
    for page in try Self.pages() {
      // One name of a file looks like a code.
      for match in page.text.matches(of: /`([a-z]+)\.[a-z-]+`/)
      where topics.contains(match.1) && match.0 != "`snapshot.json`" {
        let code = String(match.0.dropFirst().dropLast())
        #expect(known.contains(code), "\(page.path) names \(code)")
        count += 1
      }
    }
    #expect(count > 50)
  }

  @Test func exitCodesOfTheReadmeAreThoseOfTheProgram() throws {
    let rows = try Page(Self.readme).lines.filter { $0.contains(#/^\| \d+ \| /#) }
    #expect(rows == ExitCode.allCases.map { "| \($0.rawValue) | \($0.meaning) |" })
  }

  @Test func linksLeadToFiles() throws {
    var count = 0
    for page in try Self.pages() {
      let folder = GoldenText.root.appending(path: page.path).deletingLastPathComponent()
      for match in page.text.matches(of: /\]\(([^)#\s]+)(#[^)]*)?\)/) where !match.1.contains("://") {
        let target = folder.appending(path: String(match.1)).standardizedFileURL.path
        #expect(FileManager.default.fileExists(atPath: target), "\(page.path) links to \(match.1)")
        count += 1
      }
    }
    #expect(count >= 10)
  }
}
