/// The commands of the program, found by what was written: `scan-metadata`, or `layer dump` of the group `layer`.
struct CommandList: Sendable {
  /// Commands whose names begin with the same word.
  struct Group: Sendable, Equatable {
    var name: String
    /// One line for the help of the group.
    var summary: String
  }

  var commands: [CommandDeclaration]
  var groups: [Group] = []

  /// What the first words of a command line name.
  enum Match: Sendable, Equatable {
    case command(CommandDeclaration)
    case group(Group)
  }

  /// The command that `words` begin with, and how many of them its name takes; a group if its name stands alone, or
  /// before a request for help.
  func find(_ words: some Collection<String>) throws(UsageError) -> (match: Match, wordCount: Int) {
    guard let first = words.first else {
      throw UsageError("no command is given", hint: "See scrubber --help.")
    }
    if let command = commands.first(where: { $0.name == first }) { return (.command(command), 1) }
    guard let group = groups.first(where: { $0.name == first }) else { throw unknown(first) }
    guard let second = words.dropFirst().first, second != "--help", second != "-h" else {
      return (.group(group), 1)
    }
    guard let command = commands.first(where: { $0.name == "\(first) \(second)" }) else {
      throw unknown(second, in: group)
    }
    return (.command(command), 2)
  }

  func members(of group: Group) -> [CommandDeclaration] {
    commands.filter { $0.name.hasPrefix(group.name + " ") }
  }

  // MARK: Mistakes

  private func unknown(_ name: String) -> UsageError {
    if name.hasPrefix("-") {
      let nearest = NearestName.find(name, among: HelpText.programOptions.map { "--\($0.name)" })
      return UsageError(
        "unknown option \(name)",
        hint: Self.suggestion(nearest) + "Options of a command stand behind its name: scrubber --help"
      )
    }
    let names = commands.map(\.name) + groups.map(\.name)
    return UsageError(
      "unknown command \"\(name)\"",
      hint: Self.suggestion(NearestName.find(name, among: names)) + "All commands: scrubber --help"
    )
  }

  private func unknown(_ name: String, in group: Group) -> UsageError {
    let names = members(of: group).map { String($0.name.dropFirst(group.name.count + 1)) }
    // The tool that users know has words of its own behind some groups (`layer dump-layer`), or none (`key KEY`).
    let nearest =
      NearestName.find(name, among: names) ?? names.first { name.hasPrefix("\($0)-") }
      ?? (names.count == 1 ? names.first : nil)
    return UsageError(
      "unknown command \"\(group.name) \(name)\"",
      hint: Self.suggestion(nearest.map { "\(group.name) \($0)" })
        + "Commands of this group: scrubber \(group.name) --help"
    )
  }

  private static func suggestion(_ name: String?) -> String { name.map { "Did you mean \($0)? " } ?? "" }
}
