import IndexFormat

/// `scrubber index dump`: an index as JSON for people.
struct IndexDumpCommand: Sendable, Equatable {
  var place: IndexPlace
  var isRaw: Bool
  var isCompact: Bool

  static let declaration = CommandDeclaration(
    name: "index dump",
    summary: "print an index with all its members",
    usage: [
      "[INDEX]", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--raw]", "[--at TIME]",
      "[--json]",
    ],
    discussion: [
      IndexPlace.discussion + " Without INDEX it is the one that a page server would choose.",
      "All members are printed, also those that no known release has. Metadata in its binary form is decoded; --raw "
        + "prints what the object holds.",
    ],
    options: ForensicOptions.tenantOptions + [
      OptionDeclaration("raw", help: "Do not decode: the object as it is, only indented."),
      OptionDeclaration("json", help: "In one line, not indented."), .help,
    ],
    maximumOperands: 1,
    examples: [
      .init(command: "scrubber index dump index_part.json-00000001", meaning: "An index in a file."),
      .init(
        command: "scrubber index dump 00000002 --bucket s3://name --tenant-id ID --timeline-id ID",
        meaning: "The index of generation 2 of a timeline."
      ),
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    place = try IndexPlace(arguments.operands.first, arguments, environment)
    isRaw = arguments.has("raw")
    isCompact = arguments.has("json")
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let target = try await place.open(desk.environment)
    var bytes = target.bytes
    var exitCode = ExitCode.ok
    do throws(ScanFailure) {
      var index = try target.parse()
      if !isRaw {
        index.metadataForm = .object
        bytes = index.encode()
      }
    } catch {
      // What there is of it is shown all the same.
      desk.fail(error)
      exitCode = error.exitCode
    }
    desk.write(isCompact ? bytes : JSONText.pretty(bytes))
    desk.writeLine("")
    return exitCode
  }
}

/// `scrubber index diff`: what differs between two indices.
struct IndexDiffCommand: Sendable, Equatable {
  var left: IndexPlace
  var right: IndexPlace
  var isJSON: Bool

  static let declaration = CommandDeclaration(
    name: "index diff",
    summary: "tell what differs between two indices: members and layers",
    usage: [
      "A B", "[--bucket URL|FOLDER]", "[--tenant-id ID]", "[--timeline-id ID]", "[--at TIME]", "[--json]",
    ],
    discussion: [
      IndexPlace.discussion.replacingIndex,
      "A minus sign is what only A has, a plus sign what only B has, a tilde what is otherwise. That they "
        + "differ does not "
        + "change the exit code.",
    ],
    options: ForensicOptions.tenantOptions + [ForensicOptions.jsonOption, .help],
    maximumOperands: 2,
    examples: [
      .init(
        command: "scrubber index diff 00000001 00000002 --bucket /srv/copy --timeline-id ID",
        meaning: "What the second attachment of the tenant changed."
      )
    ]
  )

  init(_ arguments: ParsedArguments, environment: Environment) throws(UsageError) {
    guard arguments.operands.count == 2, let first = arguments.operands.first,
      let last = arguments.operands.last
    else {
      throw UsageError("index diff: two indices are needed", hint: "scrubber index diff A B")
    }
    left = try IndexPlace(first, arguments, environment)
    right = try IndexPlace(last, arguments, environment)
    isJSON = arguments.has("json")
  }

  func run(_ desk: CommandDesk) async throws(ScanFailure) -> ExitCode {
    let before = try await left.open(desk.environment)
    let after = try await right.open(desk.environment)
    let difference = IndexDifference(try before.parse(), try after.parse())
    if isJSON {
      desk.write(Self.json(difference, before.label, after.label))
      desk.writeLine("")
    } else {
      write(difference, before.label, after.label, desk)
    }
    return .ok
  }

  private func write(_ difference: IndexDifference, _ before: String, _ after: String, _ desk: CommandDesk) {
    desk.writeLine(TerminalText.escape("--- \(before)"))
    desk.writeLine(TerminalText.escape("+++ \(after)"))
    for member in difference.members {
      let text =
        switch (member.left, member.right) {
        case (let left?, nil): "- \(member.name): \(left)"
        case (nil, let right): "+ \(member.name): \(right ?? "")"
        case (let left?, let right?): "~ \(member.name): \(left) -> \(right)"
        }
      desk.writeLine(TerminalText.escape(text))
    }
    for layer in difference.removed { desk.writeLine("- \(layer.name) \(layer.text)") }
    for layer in difference.added { desk.writeLine("+ \(layer.name) \(layer.text)") }
    for change in difference.changed {
      desk.writeLine("~ \(change.left.name) \(change.left.text) -> \(change.right.text)")
    }
    func count(_ layers: [IndexLayer], _ verb: String) -> String {
      "\(Count(layers.count, "layer")) \(verb) (\(DecimalText.bytes(IndexDifference.byteCount(layers))))"
    }
    desk.writeLine(
      count(difference.removed, "removed") + ", " + count(difference.added, "added")
        + ", \(difference.changed.count) changed, \(difference.sameCount) the same"
    )
  }

  private static func json(_ difference: IndexDifference, _ before: String, _ after: String) -> [UInt8] {
    var json = JSONWriter()
    func write(_ name: String, _ layers: [IndexLayer]) {
      json.member(name) { json in
        json.array { json in
          for layer in layers {
            json.object { json in
              json.member("name", layer.name.description)
              layer.writeFacts(to: &json)
            }
          }
        }
      }
    }
    json.beginObject()
    json.member("left", before)
    json.member("right", after)
    json.member("members") { json in
      json.array { json in
        for member in difference.members {
          json.object { json in
            json.member("name", member.name)
            if let left = member.left { json.member("left") { $0.raw(left.utf8) } }
            if let right = member.right { json.member("right") { $0.raw(right.utf8) } }
          }
        }
      }
    }
    write("removed", difference.removed)
    write("added", difference.added)
    json.member("changed") { json in
      json.array { json in
        for change in difference.changed {
          json.object { json in
            json.member("name", change.left.name.description)
            json.member("left") { json in json.object { change.left.writeFacts(to: &$0) } }
            json.member("right") { json in json.object { change.right.writeFacts(to: &$0) } }
          }
        }
      }
    }
    json.member("same_count", difference.sameCount)
    json.endObject()
    return json.bytes
  }
}

extension IndexLayer {
  fileprivate var text: String { "\(fileSize) bytes, generation \(generation), shard \(shard)" }

  fileprivate func writeFacts(to json: inout JSONWriter) {
    json.member("file_size", fileSize)
    if case .valid(let number) = generation { json.member("generation", number) }
    json.member("shard", shard.description)
  }
}

extension String {
  /// For two of them.
  fileprivate var replacingIndex: String {
    hasPrefix("INDEX is") ? "A and B are each" + dropFirst("INDEX is".count) : self
  }
}
