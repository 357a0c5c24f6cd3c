import IndexFormat

/// `scrubber explain`: what a finding code means, how it comes about, what to do.
struct ExplainCommand: Sendable, Equatable {
  enum Topic: Sendable, Equatable {
    case all
    case code(FindingCode)
    case markdown
  }

  var topic: Topic

  static let declaration = CommandDeclaration(
    name: "explain",
    summary: "say what a finding means and what to do about it",
    usage: ["[CODE | --markdown]"],
    discussion: ["Without CODE all codes are listed."],
    options: [
      OptionDeclaration("markdown", help: "Print all of it as a page of Markdown."),
      .help,
    ],
    maximumOperands: 1,
    examples: [
      .init(command: "scrubber explain layer.missing", meaning: "Why a layer may be missing, and what then.")
    ]
  )

  init(_ arguments: ParsedArguments) throws(UsageError) {
    switch (arguments.operands.first, arguments.has("markdown")) {
    case (nil, false): topic = .all
    case (nil, true): topic = .markdown
    case (.some, true): throw UsageError("--markdown prints all codes, it takes no CODE")
    case (let name?, false):
      guard let code = FindingCode(rawValue: name) else { throw Self.unknown(name) }
      topic = .code(code)
    }
  }

  private static func unknown(_ name: String) -> UsageError {
    let nearest = NearestName.find(name, among: FindingCode.allCases.map(\.rawValue))
    return UsageError(
      "unknown finding code \"\(name)\"",
      hint: (nearest.map { "Did you mean \($0)? " } ?? "") + "All codes: scrubber explain"
    )
  }

  /// What it prints.
  var text: String {
    switch topic {
    case .all: Self.list
    case .code(let code): Self.explanation(code)
    case .markdown: FindingsPage.markdown
    }
  }

  private static var list: String {
    let width = (FindingCode.allCases.map(\.rawValue.count).max() ?? 0) + 2
    let lines = FindingCode.allCases.map { code in
      let entry = code.entry
      return pad(code.rawValue, to: width) + pad(entry.severity.rawValue, to: 9) + entry.title
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func explanation(_ code: FindingCode) -> String {
    let entry = code.entry
    let lines =
      ["\(code.rawValue) (\(entry.severity.rawValue)): \(entry.title)", "", "cause:"]
      + HelpText.wrap(entry.cause, indent: 2) + ["", "what to do:"] + HelpText.wrap(entry.nextStep, indent: 2)
    return lines.joined(separator: "\n") + "\n"
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
