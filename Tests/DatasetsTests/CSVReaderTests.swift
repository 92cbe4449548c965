import Datasets
import Testing

/// RFC 4180, clause by clause.
@Suite struct CSVReaderTests {
  private func records(_ text: String) throws -> [[String]] {
    var reader = CSVReader(Array(text.utf8), path: "t.csv")
    var records: [[String]] = []
    while let record = try reader.next() { records.append(record) }
    return records
  }

  private func failure(_ text: String) -> String {
    do {
      return "no error, \(try records(text))"
    } catch {
      return "\(error)"
    }
  }

  @Test(
    arguments: [
      ("", []), ("a\n", [["a"]]), ("a", [["a"]]), ("a,b\r\nc,d\r\n", [["a", "b"], ["c", "d"]]), ("a,b\nc,d", [["a", "b"], ["c", "d"]]),
      (",\n", [["", ""]]), ("a,,b,\n", [["a", "", "b", ""]]), ("\"\"\n", [[""]]), ("\"a\",\"b\"\r\n", [["a", "b"]]),
      ("\"a,b\",c\n", [["a,b", "c"]]), ("\"say \"\"so\"\"\",x\n", [["say \"so\"", "x"]]), ("\"\"\"\"\n", [["\""]]),
      ("\"two\nlines\",1\nnext,2\n", [["two\nlines", "1"], ["next", "2"]]), ("\"a\r\nb\"\r\n", [["a\r\nb"]]), ("\"end\"", [["end"]]),
      (" a , b \n", [[" a ", " b "]]), ("\u{FEFF}id,name\n1,é中\n", [["id", "name"], ["1", "é中"]]), ("a\rb,c\n", [["a\rb", "c"]]),
      ("a\r", [["a"]]), ("\n\na\n", [[""], [""], ["a"]]), ("\"a\",\n", [["a", ""]]),
    ] as [(String, [[String]])])
  func textBecomesRecords(text: String, expected: [[String]]) throws { #expect(try records(text) == expected) }

  @Test func damageNamesTheLine() {
    #expect(failure("a\nb\"c\n") == "t.csv:2: expected a field in quotes as a whole, or no quote in it, found a quote in the middle")
    #expect(failure("a\n \"b\"\n") == "t.csv:2: expected a field in quotes as a whole, or no quote in it, found a quote in the middle")
    #expect(failure("\"a\"b\n") == "t.csv:1: expected a comma or the end of the line after a closing quote, found more text")
    #expect(failure("\"a\nb\" ,c\n") == "t.csv:2: expected a comma or the end of the line after a closing quote, found more text")
    #expect(failure("a\nx,\"b\nc\nd") == "t.csv:2: expected a closing quote, found the end of the file")
    #expect(failure("a\n\"") == "t.csv:2: expected a closing quote, found the end of the file")
    #expect(failure("a\n\"b\"\"") == "t.csv:2: expected a closing quote, found the end of the file")
    var reader = CSVReader([0x61, 0x0A, 0xC3, 0x28, 0x0A], path: "t.csv")
    #expect(throws: (any Error).self) { while try reader.next() != nil {} }
  }

  @Test func linesAreCountedThroughQuotedOnes() throws {
    var reader = CSVReader(Array("h\n\"1\n2\n3\"\nx\n".utf8), path: "t.csv")
    var lines: [Int] = []
    while try reader.next() != nil { lines.append(reader.recordLine) }
    #expect(lines == [1, 2, 5])
  }

  @Test func whatIsQuotedIsReadAgain() throws {
    var random = TestRandom(3)
    let pieces = ["a", ",", "\"", "\n", "\r\n", " ", "é", "", "中"]
    for _ in 0..<500 {
      let table = (0..<3).map { _ in
        (0..<3).map { _ in (0..<Int.random(in: 0...5, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined() }
      }
      let end = Bool.random(using: &random) ? "\n" : "\r\n"
      let text = table.map { row in row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",") + end }.joined()
      #expect(try records(text) == table)
    }
  }
}
