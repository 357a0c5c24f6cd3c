import Foundation
import IndexFormat
import Testing

@testable import Scrubber

struct VerifyJournalTests {
  private func header(_ fingerprint: String = "one", units: UInt64 = 10) -> VerificationHeader {
    VerificationHeader(
      tool: "test",
      fingerprint: fingerprint,
      location: "somewhere",
      tenant: TenantID(high: 1, low: 2),
      unitCount: units
    )
  }

  private func unit(_ number: UInt64) -> VerifiedUnit {
    var unit = VerifiedUnit(number: number)
    unit.keys.present = number
    unit.keys.checked = number
    return unit
  }

  /// A journal with three units, as a run that was killed leaves it.
  private func begin(_ path: String) throws {
    let opened = try VerifyJournal.open(path, header(), isNamed: true, resumes: false)
    for number: UInt64 in [4, 0, 9] { opened.journal.note(unit(number)) }
    #expect(opened.journal.problem == nil && opened.left.units.isEmpty)
  }

  @Test func whatWasDoneIsFoundAgain() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/journal"
    try begin(path)
    let again = try VerifyJournal.open(path, header(), isNamed: true, resumes: true)
    #expect(again.left.units == [4: unit(4), 0: unit(0), 9: unit(9)])
    again.journal.note(unit(5))
    again.journal.remove()
    #expect(try BackupProgram.names(folder.path) == [])
  }

  /// A run may be killed at any moment, also within a line.
  @Test func everyTornEndIsCutOff() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/journal"
    try begin(path)
    let whole = try Data(contentsOf: URL(filePath: path))
    let ends = whole.indices.filter { whole[$0] == UInt8(ascii: "\n") }.map { $0 + 1 }
    for count in 0...whole.count {
      try whole.prefix(count).write(to: URL(filePath: path))
      let opened = try VerifyJournal.open(path, header(), isNamed: true, resumes: true)
      let lines = ends.filter { $0 <= count }.count
      #expect(opened.left.units.count == max(0, lines - 1), "\(count)")
      opened.journal.note(unit(7))
      let text = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
      #expect(text.split(separator: "\n").count == max(1, lines) + 1 && text.hasSuffix("\n"))
    }
  }

  @Test func anotherVerificationsJournalIsRefusedAndKept() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/journal"
    try begin(path)
    let before = try Data(contentsOf: URL(filePath: path))
    for other in [header("two"), header(units: 11)] {
      for resumes in [true, false] {
        #expect(throws: ScanFailure.self) {
          try VerifyJournal.open(path, other, isNamed: true, resumes: resumes)
        }
      }
    }
    // Without --resume nothing is dropped of a file that was named.
    #expect(throws: ScanFailure.self) {
      try VerifyJournal.open(path, header(), isNamed: true, resumes: false)
    }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    let anew = try VerifyJournal.open(path, header(), isNamed: false, resumes: false)
    #expect(anew.dropped == 3 && anew.left.units.isEmpty)
  }

  @Test func aFileOfSomethingElseIsRefusedAndKept() throws {
    let folder = try TemporaryFolder()
    try folder.write("notes", Array("my notes\n".utf8))
    for resumes in [true, false] {
      #expect(throws: ScanFailure.self) {
        try VerifyJournal.open("\(folder.path)/notes", header(), isNamed: false, resumes: resumes)
      }
    }
    #expect(try Data(contentsOf: URL(filePath: "\(folder.path)/notes")) == Data("my notes\n".utf8))
  }

  @Test func twoRunsDoNotShareAJournal() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/journal"
    let first = try VerifyJournal.open(path, header(), isNamed: true, resumes: false)
    #expect(throws: ScanFailure.self) {
      try VerifyJournal.open(path, header(), isNamed: true, resumes: true)
    }
    first.journal.remove()
  }

  @Test func theDefaultPlaceIsThatOfTheSystem() throws {
    let folder = try TemporaryFolder()
    let state = Environment(["XDG_STATE_HOME": "\(folder.path)/a/b", "HOME": "/nonexistent"])
    let fingerprint = String(repeating: "ab", count: 32)
    let name = "scrubber/verify-abababababababab.ndjson"
    #expect(try VerifyJournal.defaultPath(fingerprint, state) == "\(folder.path)/a/b/\(name)")
    let home = Environment(["XDG_STATE_HOME": "relative", "HOME": folder.path])
    #expect(try VerifyJournal.defaultPath(fingerprint, home) == "\(folder.path)/.local/state/\(name)")
    #expect(try VerifyJournal.defaultPath(fingerprint, Environment([:])) == nil)
    #expect(FileManager.default.fileExists(atPath: "\(folder.path)/a/b/scrubber"))
  }
}
