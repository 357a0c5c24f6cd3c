import Engine
import Foundation
import Glibc
import IndexFormat

/// Replays the same WAL as PostgreSQL's own recovery, on the same base, and compares what that takes of a processor:
/// with images of pages in the WAL and without. Alternately, in the same run.
///
/// | | PostgreSQL | Scrubber |
/// |---|---|---|
/// | measured | its redo loop, as its log says ("redo done at", "system usage"), to hundredths of a second | all of the work, by `getrusage` |
/// | reads WAL, checks and decodes records | yes | yes |
/// | reads pages below from files, which are in the system's cache | yes, into shared buffers that hold all | yes |
/// | replays all records of blocks | in the order of the WAL | block by block; records of a block are gathered before |
/// | bits of visibility maps cleared by heap records | yes | yes, as records of page servers |
/// | pages written | not in its loop | no |
/// | statuses of transactions, running transactions | yes | no |
///
/// The work is pgbench.
struct RecoveryBenchmark {
  private let programs: String
  private let folder: String
  private let transactions: Int

  private static let rounds = 5

  init(_ arguments: ArraySlice<String>) throws {
    let arguments = Array(arguments)
    guard (2...3).contains(arguments.count), let count = Int(arguments.count > 2 ? arguments[2] : "30000")
    else {
      throw BenchmarkError("usage: Benchmarks recovery PROGRAMS DIR [TRANSACTIONS]")
    }
    (programs, folder, transactions) = (arguments[0], arguments[1], count)
  }

  func run() throws {
    for writesFullPages in [true, false] { try run(writesFullPages: writesFullPages) }
  }

  private func run(writesFullPages: Bool) throws {
    try makeCluster(writesFullPages: writesFullPages)
    let cluster = try RecoveredCluster(folder, start: try redoStart())
    var theirs: [Double] = []
    var ours: [RecoveredCluster.Outcome] = []
    for round in 0...Self.rounds {
      let recovery = try recover()
      let outcome = try cluster.replay(upTo: recovery.lastRecord)
      guard round > 0 else { continue }
      theirs.append(recovery.cpu)
      ours.append(outcome)
    }
    guard let last = ours.last else { return }
    let (read, replay) = (
      Figures(seconds: ours.map(\.readCPU)).median, Figures(seconds: ours.map(\.replayCPU)).median
    )
    let (own, other) = (read + replay, Figures(seconds: theirs).median)
    let records = Double(last.recordCount)
    print(
      """
      recovery, full pages \(writesFullPages ? "on" : "off"): \(last.recordCount) records, \
      \((Double(last.byteCount) / 1e6).short) MB, \(last.replayCount) replays on \(last.pageCount) pages
        scrubber   \(own.short) s CPU, \((own / records * 1e6).short) µs a record: \
      \(read.short) s to read and gather, \(replay.short) s to replay
        PostgreSQL \(other.short) s CPU, \((other / records * 1e6).short) µs a record
        ratio      \((own / other).short) times the CPU of PostgreSQL's redo (wanted: 1 or less)
      """
    )
  }

  // MARK: The server

  /// `base` is the cluster before the work, `data` what is left when it was killed.
  private func makeCluster(writesFullPages: Bool) throws {
    try shell(
      """
      rm -rf data base run
      "$bin/initdb" -D data -U bench -A trust --no-sync --locale=C.UTF-8
      cat >> data/postgresql.conf << END
      listen_addresses = ''
      unix_socket_directories = '$PWD'
      fsync = off
      synchronous_commit = off
      autovacuum = off
      full_page_writes = \(writesFullPages ? "on" : "off")
      wal_keep_size = '16GB'
      max_wal_size = '16GB'
      checkpoint_timeout = '1d'
      wal_recycle = off
      shared_buffers = '512MB'
      END
      "$bin/pg_ctl" -D data -w -s -l log start
      "$bin/pgbench" -h "$PWD" -U bench -q -i -s 5 postgres
      "$bin/pg_ctl" -D data -w -s stop
      cp -a data base
      "$bin/pg_ctl" -D data -w -s -l log start
      "$bin/pgbench" -h "$PWD" -U bench -n -c 4 -t \(transactions / 4) postgres
      "$bin/pg_ctl" -D data -w -s -m immediate stop
      """
    )
  }

  private func redoStart() throws -> Lsn {
    try shell("\"$bin/pg_controldata\" -D base > control")
    let text = try String(contentsOfFile: "\(folder)/control", encoding: .utf8)
    let field = "Latest checkpoint's REDO location:"
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field) }),
      let start = Lsn(line.dropFirst(field.count).trimmingCharacters(in: .whitespaces))
    else { throw BenchmarkError("no checkpoint in \(folder)/control") }
    return start
  }

  /// - Returns: what the server's redo took of a processor, in seconds, and where the last record begins.
  private func recover() throws -> (cpu: Double, lastRecord: Lsn) {
    try shell(
      """
      rm -rf run
      cp -a base run
      cp data/pg_wal/0* run/pg_wal
      touch run/recovery.signal
      "$bin/postgres" --single -D run -c hot_standby=off -c restore_command=false postgres < /dev/null 2> recovery.log
      """
    )
    let log = try String(contentsOfFile: "\(folder)/recovery.log", encoding: .utf8)
    guard let line = log.split(separator: "\n").first(where: { $0.contains("redo done at") }) else {
      throw BenchmarkError("no redo in \(folder)/recovery.log")
    }
    let words = line.split(separator: " ")
    func word(behind name: String) -> Substring {
      words.firstIndex { $0 == name }.flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil } ?? ""
    }
    guard let user = Double(word(behind: "user:")), let system = Double(word(behind: "system:")),
      let last = Lsn(String(word(behind: "at")))
    else { throw BenchmarkError("no system usage: \(line)") }
    return (user + system, last)
  }

  /// Runs commands in the folder as a user that servers run as.
  private func shell(_ commands: String) throws {
    let script = "set -euo pipefail; cd '\(folder)'; bin='\(programs)'\n\(commands)\n"
    let file = "\(folder)/commands"
    try script.write(toFile: file, atomically: true, encoding: .utf8)
    let asUser = getuid() == 0 ? "setpriv --reuid postgres --regid postgres --init-groups" : ""
    _ = try ProgramRun(["/bin/bash", "-c", "\(asUser) bash '\(file)' > '\(folder)/output' 2>&1"])
  }
}

/// A cluster before some work, and the WAL of that work.
private struct RecoveredCluster {
  struct Outcome {
    var recordCount = 0
    var byteCount = 0
    var replayCount = 0
    var pageCount = 0
    /// Seconds of a processor.
    var readCPU = 0.0
    var replayCPU = 0.0
  }

  private let base: String
  private let wal: WALSegments
  private let start: Lsn
  private let version: PostgresVersion

  init(_ folder: String, start: Lsn) throws {
    base = "\(folder)/base"
    wal = try WALSegments("\(folder)/data/pg_wal")
    let text = try String(contentsOfFile: "\(base)/PG_VERSION", encoding: .utf8)
    guard let number = UInt32(text.prefix { $0.isNumber }), let version = PostgresVersion(major: number)
    else {
      throw BenchmarkError("PG_VERSION \(text)")
    }
    (self.version, self.start) = (version, start)
  }

  func replay(upTo last: Lsn) throws -> Outcome {
    let begin = Self.cpu()
    var gathered = GatheredRecords()
    var decoder = WALRecordDecoder(version: version)
    var problem: WALRecordError?
    try wal.forEachRecord(from: start) { place, bytes in
      do throws(WALRecordError) {
        gathered.add(try decoder.decode(bytes), at: place.end)
      } catch {
        problem = error
        return .pause
      }
      return place.start < last ? .goOn : .pause
    }
    if let problem { throw problem }
    var outcome = Outcome(recordCount: gathered.recordCount, byteCount: gathered.byteCount)
    let middle = Self.cpu()
    var redo = PageRedo(
      RedoRules(version: version, hasNeonHeapRecords: false, stampsClearedVisibilityMap: false)
    )
    for (tag, blocks) in gathered.blocks {
      let file = open("\(base)/\(tag.filePath(segment: 0))", O_RDONLY)
      defer { if file >= 0 { close(file) } }
      for (block, records) in blocks {
        let page = Self.page(file, block)
        _ = try redo.value(of: .relationBlock(tag, block), page, records)
        outcome.pageCount += 1
        outcome.replayCount += records.count
      }
    }
    (outcome.readCPU, outcome.replayCPU) = (middle - begin, Self.cpu() - middle)
    return outcome
  }

  /// The page before the work, if there was one.
  private static func page(_ file: Int32, _ block: BlockNumber) -> [UInt8]? {
    guard file >= 0 else { return nil }
    let bytes = [UInt8](unsafeUninitializedCapacity: 8192) { buffer, count in
      count = max(0, pread(file, buffer.baseAddress, 8192, off_t(block.value) * 8192))
    }
    return bytes.count == 8192 ? bytes : nil
  }

  /// Seconds that this process has had of processors.
  private static func cpu() -> Double {
    var usage = rusage()
    getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }
}

/// Records by the blocks that they change, in the order of the WAL.
private struct GatheredRecords {
  private(set) var blocks: [RelationTag: [BlockNumber: [KeyRead.Record]]] = [:]
  private(set) var recordCount = 0
  private(set) var byteCount = 0

  private static let heapBlocksPerMapPage: UInt32 = 32672

  mutating func add(_ record: borrowing WALRecord, at lsn: Lsn) {
    recordCount += 1
    byteCount += record.bytes.byteCount
    guard !record.blocks.isEmpty else { return }
    let bytes = record.bytes.withUnsafeBytes { [UInt8]($0) }
    for index in record.blocks.indices {
      let block = record.blocks[index]
      append(.postgres(willInit: block.startsFromNothing, record: bytes), lsn, block.relation, block.block)
    }
    clearVisible(record, lsn)
  }

  private mutating func append(_ record: NeonRecord, _ lsn: Lsn, _ tag: RelationTag, _ block: BlockNumber) {
    blocks[tag, default: [:]][block, default: []].append(KeyRead.Record(lsn: lsn, record: record, visit: 0))
  }

  /// Inserts, deletions and updates say by flags that bits of the map are cleared.
  private mutating func clearVisible(_ record: borrowing WALRecord, _ lsn: Lsn) {
    guard record.header.resourceManager == ResourceManager.heap.rawValue, let new = record.block(id: 0) else {
      return
    }
    let code = record.header.info & 0x70
    let offset: Int
    switch code {
    case 0x00: offset = 2
    case 0x10, 0x20, 0x40: offset = 7
    default: return
    }
    guard offset < record.mainData.byteCount else { return }
    let flags = record.mainData.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    let old = code > 0x10 ? record.block(id: 1) ?? new : new
    if flags & 1 != 0 { clear(old, lsn) }
    if code > 0x10, flags & 2 != 0 { clear(new, lsn) }
  }

  private mutating func clear(_ block: WALBlockReference, _ lsn: Lsn) {
    let tag = RelationTag(block.relation.database, relation: block.relation.relation, fork: .visibilityMap)
    let number = block.block.value
    append(
      .clearVisibilityMapFlags(newHeapBlock: number, oldHeapBlock: nil, flags: 3),
      lsn,
      tag,
      BlockNumber(number / Self.heapBlocksPerMapPage)
    )
  }
}
