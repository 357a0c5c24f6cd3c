import Foundation
import Testing

/// The mechanical rules of the project. Each message says what to write instead.
struct TidyTests {
  private let sources: [SourceFile]
  private let everything: [SourceFile]

  init() throws {
    sources = try SourceFile.all(in: ["Sources"])
    everything = try SourceFile.all(in: ["Sources", "Tests", "Benchmarks"])
  }

  @Test func theSourcesAreFound() {
    #expect(sources.count > 50)
  }

  // MARK: Imports

  @Test func importsPointOneWay() {
    let allowed: [(folder: String, modules: Set<String>)] = [
      // The formats know nothing but the language.
      ("Sources/IndexFormat/", []),
      (
        "Sources/Scrubber/",
        [
          "IndexFormat", "Engine", "CBuildInformation", "CCrypto", "CCurl", "CPostgres", "CXML2", "Dispatch",
          "Glibc",
          "Synchronization",
        ]
      ),
      (
        "Sources/Engine/",
        ["IndexFormat", "CZstd", "CLZ4", "CChecksums", "CLinux", "Glibc", "Synchronization"]
      ),
      ("Benchmarks/", ["IndexFormat", "Engine", "Glibc", "Foundation"]),
    ]
    for file in everything {
      guard let rule = allowed.first(where: { file.path.hasPrefix($0.folder) }) else { continue }
      let surplus = file.imports.subtracting(rule.modules).sorted()
      #expect(surplus == [], "\(file.path) imports what \(rule.folder) must not know")
    }
  }

  @Test func eachCLibraryIsCalledFromOneFile() {
    for module in [
      "CBuildInformation", "CCrypto", "CCurl", "CPostgres", "CXML2", "CZstd", "CLZ4", "CChecksums", "CLinux",
    ] {
      let users = sources.filter { $0.imports.contains(module) }.map(\.path)
      #expect(users.count == 1, "\(module) is wrapped in one Swift file; call that: \(users)")
    }
  }

  // MARK: Calls

  @Test(arguments: Banned.all)
  func bannedCallsStayOut(_ banned: Banned) {
    let violations = sources.filter { !banned.exceptions.contains($0.path) }.flatMap { file in
      file.code.filter { $0.text.contains(banned.text) }
        .map { Violation(path: file.path, line: $0.number, advice: banned.advice) }
    }
    #expect(violations == [])
  }

  @Test func swallowedErrorsHaveAReason() {
    let violations = sources.flatMap { file in
      file.code.filter { line in
        line.text.contains(#/\btry\?/#) && !line.text.contains("//")
          && !(line.number >= 2 && file.lines[line.number - 2].contains("//"))
      }
      .map {
        Violation(path: file.path, line: $0.number, advice: "say in a comment why losing the reason is right")
      }
    }
    #expect(violations == [])
  }

  // MARK: Shape

  @Test func linesFitTheScreen() {
    let violations = sources.flatMap { file in
      // Rows of tables cannot be broken.
      zip(1..., file.lines).filter { $0.1.count > 120 && !$0.1.contains("/// |") }
        .map { Violation(path: file.path, line: $0.0, advice: "break the line: at most 120 characters") }
    }
    #expect(violations == [])
  }

  @Test func filesAndFunctionsStaySmall() {
    for file in sources {
      #expect(file.lines.count <= 500, "\(file.path) is long; split it by topic as Type+Topic.swift")
      for function in Function.all(in: file) {
        #expect(
          function.lineCount <= 70,
          "\(file.path):\(function.line): the function is long; give its parts names"
        )
      }
    }
  }

  @Test func nothingIsLeftForLater() {
    let words = ["FIX" + "ME", "TO" + "DO", "XX" + "X:"]
    let violations = everything.flatMap { file in
      zip(1..., file.lines).filter { line in words.contains { line.1.contains($0) } }
        .map { Violation(path: file.path, line: $0.0, advice: "do it, or file an issue") }
    }
    #expect(violations == [])
  }

  // MARK: The rules notice

  @Test func theRulesNotice() {
    let file = SourceFile(
      path: "Sources/IndexFormat/Bad.swift",
      lines: ["import Foundation", "func f() {", "}"]
    )
    #expect(file.imports == ["Foundation"])
    let long = SourceFile(
      path: "Sources/Long.swift",
      lines: ["  func f() {"] + Array(repeating: "    g()", count: 80) + ["  }"]
    )
    #expect(Function.all(in: long).map(\.lineCount) == [82])
  }
}

/// A call that must not occur in the sources.
struct Banned: Sendable, CustomTestStringConvertible {
  var text: String
  var advice: String
  var exceptions: [String] = []

  var testDescription: String { text }

  static let all = [
    Banned(
      text: " print(",
      advice: "results go through a Report, log lines through the Printer",
      exceptions: ["Sources/Scrubber/Report/Printer.swift"]
    ),
    Banned(text: "try!", advice: "catch the error and say what it means"),
    Banned(text: "as!", advice: "use as? and say what else it may be"),
    Banned(text: "fatalError(", advice: "throw a typed error; for our own mistakes use precondition"),
    Banned(text: "String(format:", advice: "interpolate; it pulls ICU into the program"),
    Banned(text: "DateFormatter", advice: "use Timestamp and NaiveDateTime; it pulls ICU into the program"),
    Banned(text: "NumberFormatter", advice: "use DecimalText; it pulls ICU into the program"),
  ]
}

/// A function, by the indentation of its first and last line.
private struct Function {
  var line: Int
  var lineCount: Int

  static func all(in file: SourceFile) -> [Function] {
    var functions: [Function] = []
    for (index, text) in file.lines.enumerated() {
      let trimmed = text.drop { $0 == " " }
      let words = trimmed.split(separator: " ").prefix { !$0.contains("(") }
      let isFunction = words.contains("func") || trimmed.hasPrefix("init")
      guard isFunction, !trimmed.hasPrefix("//") else { continue }
      let indentation = String(text.prefix { $0 == " " })
      guard let end = file.lines[index...].firstIndex(where: { $0 == indentation + "}" }) else { continue }
      functions.append(Function(line: index + 1, lineCount: end - index + 1))
    }
    return functions
  }
}
