/// A command with its options, from which parsing and help are made.
struct CommandDeclaration: Sendable, Equatable {
  struct Example: Sendable, Equatable {
    var command: String
    var meaning: String
  }

  /// One word, or two where the first one is a group's: `scan-metadata`, `layer dump`.
  var name: String
  /// One line for the list of commands.
  var summary: String
  /// What stands behind the name in the usage line.
  var usage: [String]
  /// Paragraphs for the command's own help.
  var discussion: [String] = []
  var options: [OptionDeclaration]
  /// How many arguments without a dash it takes at most.
  var maximumOperands = 0
  /// Further sections of the help: a title and rows of two columns.
  var tables: [Table] = []
  var examples: [Example] = []

  struct Table: Sendable, Equatable {
    var title: String
    var rows: [[String]]
  }
}
