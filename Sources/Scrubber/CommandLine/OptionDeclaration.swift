/// An option of a command, from which parsing, help and suggestions are made.
struct OptionDeclaration: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case flag
    /// Takes a value, once.
    case value(name: String)
    /// Takes one or more values (`--id A B`), and may be given again.
    case values(name: String)
    /// A flag that may have a value, which must be attached: `--id`, `--id=A`.
    case optional(name: String)
  }

  /// Without the two dashes.
  var name: String
  var short: Character?
  var kind: Kind
  /// What it does, for the help text.
  var help: String

  init(_ name: String, short: Character? = nil, _ kind: Kind = .flag, help: String) {
    self.name = name
    self.short = short
    self.kind = kind
    self.help = help
  }

  static let help = OptionDeclaration("help", short: "h", help: "Show this text.")

  var valueName: String? {
    switch kind {
    case .flag: nil
    case .value(let name), .values(let name), .optional(let name): name
    }
  }

  /// `-j, --jobs N` or `    --json`.
  var synopsis: String {
    let long = "--\(name)"
    let value =
      switch kind {
      case .flag: ""
      case .value(let name): " \(name)"
      case .values(let name): " \(name)..."
      case .optional(let name): "[=\(name)]"
      }
    return (short.map { "-\($0), " } ?? "    ") + long + value
  }
}
