/// Reads the arguments of a command by its declaration.
///
/// | form | meaning |
/// |---|---|
/// | `--name`, `-n` | a flag; several short ones may stand together: `-vh` |
/// | `--name value`, `--name=value`, `-n value`, `-nvalue` | an option with a value |
/// | `--name a b` | an option with values takes all arguments up to the next one with a dash |
/// | `--name`, `--name=value`, `-n`, `-n=value` | an option whose value may be left out |
/// | `--` | everything behind it is an operand |
///
/// A value that begins with a dash must be written `--name=-value`: otherwise a forgotten value would swallow
/// the next option.
struct ArgumentParser {
  private let command: CommandDeclaration
  private var rest: ArraySlice<String>
  private var parsed = ParsedArguments()

  static func parse(
    _ arguments: some Sequence<String>,
    for command: CommandDeclaration
  ) throws(UsageError) -> ParsedArguments {
    var parser = ArgumentParser(command: command, rest: Array(arguments)[...])
    try parser.run()
    return parser.parsed
  }

  private init(command: CommandDeclaration, rest: ArraySlice<String>) {
    self.command = command
    self.rest = rest
  }

  private mutating func run() throws(UsageError) {
    while let argument = rest.popFirst() {
      if argument == "--" {
        while let operand = rest.popFirst() { try add(operand: operand) }
      } else if argument.hasPrefix("--") {
        try parseLong(argument.dropFirst(2))
      } else if Self.looksLikeOption(argument) {
        try parseShort(argument.dropFirst())
      } else {
        try add(operand: argument)
      }
    }
  }

  private static func looksLikeOption(_ argument: String) -> Bool {
    argument.hasPrefix("-") && argument != "-"
  }

  // MARK: Forms

  private mutating func parseLong(_ text: Substring) throws(UsageError) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = parts.first.map(String.init) ?? ""
    guard let option = command.options.first(where: { $0.name == name }) else {
      throw unknown(option: name)
    }
    try add(option, written: "--\(name)", attached: parts.count > 1 ? String(parts[1]) : nil)
  }

  private mutating func parseShort(_ text: Substring) throws(UsageError) {
    var text = text
    while let letter = text.popFirst() {
      guard let option = command.options.first(where: { $0.short == letter }) else {
        throw UsageError("unknown option -\(letter) of \(command.name)", hint: listHint)
      }
      if case .optional = option.kind, text.first != "=" {
        try add(option, written: "-\(letter)", attached: nil)
        continue
      }
      guard option.kind == .flag else {
        if text.first == "=" { text.removeFirst() }
        try add(option, written: "-\(letter)", attached: text.isEmpty ? nil : String(text))
        return
      }
      try add(option, written: "-\(letter)", attached: nil)
    }
  }

  private mutating func add(
    _ option: OptionDeclaration,
    written: String,
    attached: String?
  ) throws(UsageError) {
    switch option.kind {
    case .flag:
      if let attached { throw UsageError("\(written) takes no value, found \"\(attached)\"") }
      parsed.add(option.name)
    case .value(let name):
      if parsed.has(option.name) { throw UsageError("\(written) is given more than once") }
      parsed.add(option.name, try value(of: written, attached: attached, named: name))
    case .optional:
      if parsed.has(option.name) { throw UsageError("\(written) is given more than once") }
      parsed.add(option.name, attached)
    case .values(let name):
      parsed.add(option.name, try value(of: written, attached: attached, named: name))
      guard attached == nil else { return }
      while let next = rest.first, !next.hasPrefix("-") { parsed.add(option.name, rest.removeFirst()) }
    }
  }

  private mutating func value(
    of option: String,
    attached: String?,
    named name: String
  ) throws(UsageError) -> String {
    if let attached { return attached }
    guard let next = rest.first, !Self.looksLikeOption(next) else {
      let found = rest.first.map { ", found \"\($0)\"" } ?? ""
      throw UsageError(
        "\(option) needs a value\(found)",
        hint: "Write \(option) \(name); see \"scrubber help \(command.name)\"."
      )
    }
    rest.removeFirst()
    return next
  }

  private mutating func add(operand: String) throws(UsageError) {
    guard parsed.operands.count < command.maximumOperands else {
      throw UsageError("\(command.name): unexpected argument \"\(operand)\"", hint: listHint)
    }
    parsed.operands.append(operand)
  }

  // MARK: Mistakes

  private func unknown(option name: String) -> UsageError {
    let nearest = NearestName.find(name, among: command.options.map(\.name))
    let hint = nearest.map { "Did you mean --\($0)? " } ?? ""
    return UsageError("unknown option --\(name) of \(command.name)", hint: hint + listHint)
  }

  private var listHint: String { "All options: scrubber help \(command.name)" }
}
