/// Help made from declarations, at most 90 columns wide.
enum HelpText {
  static let width = 90
  private static let optionColumn = 30

  static func program(_ commands: [CommandDeclaration], environment: CommandDeclaration.Table) -> String {
    var lines = wrap(
      "scrubber checks what Neon's page servers and safekeepers left in an object store, without any Neon service "
        + "running: "
        + "is it complete, is it consistent, and if not, what exactly is wrong and what next. It never writes to the "
        + "store.",
      indent: 0
    )
    lines += ["", "usage: scrubber COMMAND [OPTION...]", "", "commands:"]
    let column = 4 + (commands.map(\.name.count).max() ?? 0)
    for command in commands { lines += row("  " + command.name, command.summary, column: column) }
    lines += ["", "options:"]
    for option in programOptions { lines += row("  " + option.synopsis, option.help, column: column) }
    lines += section(environment, column: 26) + section(exitCodes, column: 8)
    lines += ["", "\"scrubber help COMMAND\" tells a command's options and shows examples."]
    return lines.joined(separator: "\n") + "\n"
  }

  /// The help of a group: its commands.
  static func group(_ group: CommandList.Group, _ commands: [CommandDeclaration]) -> String {
    var lines = ["usage: scrubber \(group.name) COMMAND [OPTION...]", ""]
    lines += wrap(group.summary.capitalizedFirst + ".", indent: 0) + ["", "commands:"]
    let column = 4 + (commands.map(\.name.count).max() ?? 0)
    for command in commands { lines += row("  " + command.name, command.summary, column: column) }
    lines += ["", "\"scrubber help \(group.name) COMMAND\" tells a command's options and shows examples."]
    return lines.joined(separator: "\n") + "\n"
  }

  static func command(_ command: CommandDeclaration) -> String {
    var lines = usage(command) + [""] + wrap(command.summary.capitalizedFirst + ".", indent: 0)
    for paragraph in command.discussion { lines += [""] + wrap(paragraph, indent: 0) }
    lines += ["", "options:"]
    for option in command.options { lines += row("  " + option.synopsis, option.help, column: optionColumn) }
    for table in command.tables {
      lines += section(table, column: (table.rows.compactMap(\.first?.count).max() ?? 0) + 4)
    }
    if !command.examples.isEmpty { lines += ["", "examples:"] }
    for example in command.examples {
      lines += ["  " + example.command] + wrap(example.meaning, indent: 6)
    }
    return lines.joined(separator: "\n") + "\n"
  }

  static let programOptions = [
    OptionDeclaration.help,
    OptionDeclaration("version", short: "V", help: "Show the version and the formats it knows."),
  ]

  static var exitCodes: CommandDeclaration.Table {
    CommandDeclaration.Table(
      title: "exit codes",
      rows: ExitCode.allCases.map { [String($0.rawValue), $0.meaning] }
    )
  }

  // MARK: Layout

  private static func section(_ table: CommandDeclaration.Table, column: Int) -> [String] {
    var lines = ["", table.title + ":"]
    for cells in table.rows {
      lines += row("  " + (cells.first ?? ""), cells.dropFirst().joined(separator: " "), column: column)
    }
    return lines
  }

  /// The usage line, its parts kept whole when it is broken.
  private static func usage(_ command: CommandDeclaration) -> [String] {
    let head = "usage: scrubber \(command.name)"
    let indent = String(repeating: " ", count: "usage: scrubber ".count)
    var lines = [head]
    for part in command.usage {
      if let last = lines.last, last.count + part.count + 1 <= width {
        lines[lines.count - 1] = last + " " + part
      } else {
        lines.append(indent + part)
      }
    }
    return lines
  }

  /// Two columns; the second begins on the next line if the first is too wide.
  private static func row(_ left: String, _ right: String, column: Int) -> [String] {
    let lines = wrap(right, indent: column)
    guard left.count + 2 <= column, let first = lines.first else { return [left] + lines }
    let gap = String(repeating: " ", count: column - left.count)
    return [left + gap + first.dropFirst(column)] + lines.dropFirst()
  }

  static func wrap(_ text: String, indent: Int) -> [String] {
    let margin = String(repeating: " ", count: indent)
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      if !line.isEmpty, indent + line.count + 1 + word.count > width {
        lines.append(margin + line)
        line = ""
      }
      line += (line.isEmpty ? "" : " ") + word
    }
    return line.isEmpty ? lines : lines + [margin + line]
  }
}

extension String {
  /// The first letter as a capital one.
  var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
