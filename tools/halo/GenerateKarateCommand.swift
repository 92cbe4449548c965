import ArgumentParser
import Graphs

struct GenerateKarateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "karate",
    abstract: "Zachary's karate club: 34 members, 78 friendships written both ways, the two factions as labels.")

  @OptionGroup var target: DatasetTarget

  func run() throws {
    try target.write { _ in Generators.karateClub() }
  }
}
