import Foundation
import IndexFormat
import Testing

@testable import Scrubber

/// The built program, killed and starved.
@Suite(.serialized)
struct SnapshotProgramTests {
  private static let tenant = SnapshotGoldenTests.tenants["A"] ?? ""

  private func bucket() throws -> QuickFolder {
    let bucket = try QuickFolder()
    try BucketFixture(tenants: ["A"]).write(to: bucket.path)
    return bucket
  }

  private func arguments(_ bucket: String, _ target: String, _ more: [String] = []) -> [String] {
    ["tenant-snapshot", "--bucket", bucket, "--tenant-id", Self.tenant, "-o", target] + more
  }

  /// Every file that has its name is whole, whenever the program ends.
  @Test(.timeLimit(.minutes(60)))
  func killedAtAnyMomentItGoesOn() throws {
    let bucket = try bucket()
    let expected = try SnapshotGoldenTests.expected("A")
    var generator = SeededRandom(seed: 4)
    var killed = 0
    for _ in 0..<6 {
      let target = try QuickFolder()
      var isDone = false
      for attempt in 0..<40 where !isDone {
        let more = attempt == 0 ? ["-j", "2"] : ["-j", "2", "--resume"]
        let (process, _, _) = try BuiltProgram.start(arguments(bucket.path, target.path, more))
        usleep(UInt32.random(in: 5_000...(60_000 + UInt32(attempt) * 30_000), using: &generator))
        if process.isRunning {
          kill(process.processIdentifier, SIGKILL)
          killed += 1
        }
        process.waitUntilExit()
        let sizes = try SnapshotOnDisk(path: target.path).sizes()
        for (path, size) in sizes { #expect(expected[path] == size, "\(path) is not whole") }
        isDone = FileManager.default.fileExists(atPath: "\(target.path)/snapshot.json")
      }
      let last = try BuiltProgram.run(arguments(bucket.path, target.path, ["--resume", "--verify"]))
      #expect(last.exitCode == 0, "\(last.output) \(last.error)")
      #expect(try SnapshotOnDisk(path: target.path).sizes() == expected)
      #expect(
        try FileManager.default.contentsOfDirectory(atPath: target.path).sorted() == [
          Self.tenant, "snapshot.json",
        ]
      )
    }
    #expect(killed > 6)
  }

  @Test func aFullDiskIsToldAndWhatIsThereIsKept() throws {
    let (bucket, target) = (try bucket(), try QuickFolder())
    // No file may be larger than 1 MiB: the system then says so as it says that a disk is full.
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    let command = ([try BuiltProgram.path().path] + arguments(bucket.path, target.path)).joined(
      separator: " "
    )
    process.arguments = ["-c", "ulimit -f 1024; exec \(command)"]
    let error = Pipe()
    process.standardError = error
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(
      process.terminationReason == .exit && process.terminationStatus == ExitCode.couldNotFinish.rawValue
    )
    #expect(
      text.contains(target.path) && text.contains("File too large") && text.contains("--resume"),
      "\(text)"
    )
    let resumed = try BuiltProgram.run(arguments(bucket.path, target.path, ["--resume"]))
    #expect(resumed.exitCode == 0, "\(resumed.error)")
    #expect(try SnapshotOnDisk(path: target.path).sizes() == SnapshotGoldenTests.expected("A"))
  }

  @Test func aSignalEndsItWithItsCode() throws {
    let (bucket, target) = (try bucket(), try QuickFolder())
    var interrupted = 0
    for delay in stride(from: 20_000, to: 200_000, by: 20_000) as StrideTo<UInt32> {
      let (process, _, error) = try BuiltProgram.start(
        arguments(bucket.path, target.path, ["-j", "1", "--resume"])
      )
      usleep(delay)
      process.interrupt()
      let text = String(decoding: try error.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
      process.waitUntilExit()
      guard process.terminationReason == .exit, process.terminationStatus != 0 else { continue }
      #expect(process.terminationStatus == 130 && text.contains("--resume"), "\(text)")
      interrupted += 1
    }
    #expect(interrupted > 0)
  }
}
