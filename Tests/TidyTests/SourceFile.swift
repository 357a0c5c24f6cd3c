import Foundation

/// A Swift file of the project, by lines.
struct SourceFile: Sendable {
  /// Relative to the project's root, such as `Sources/IndexFormat/Keys/Key.swift`.
  let path: String
  let lines: [String]

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// All Swift files below the folders, in the order of their paths.
  static func all(in folders: [String]) throws -> [SourceFile] {
    try folders.flatMap { folder in
      try FileManager.default.subpathsOfDirectory(atPath: root.appending(path: folder).path())
        .filter { $0.hasSuffix(".swift") }.sorted()
        .map { path in
          let text = try String(
            contentsOf: root.appending(path: folder).appending(path: path),
            encoding: .utf8
          )
          return SourceFile(path: "\(folder)/\(path)", lines: text.components(separatedBy: "\n"))
        }
    }
  }

  /// Lines that are not comments, with their numbers counted from 1.
  var code: [(number: Int, text: String)] {
    zip(1..., lines).filter { !$0.1.trimmingCharacters(in: .whitespaces).hasPrefix("//") }.map {
      ($0.0, $0.1)
    }
  }

  /// The modules that the file imports.
  var imports: Set<String> {
    Set(
      lines.compactMap { line in
        let words = line.split(separator: " ").drop { $0.hasPrefix("@") }
        guard !line.hasPrefix(" "), words.first == "import", let module = words.dropFirst().first else {
          return nil
        }
        return String(module)
      }
    )
  }
}

/// A place where a rule is broken, and what to write instead.
struct Violation: CustomStringConvertible, Equatable {
  var path: String
  var line: Int
  var advice: String

  var description: String { "\(path):\(line): \(advice)" }
}
