//! The engine on the command line; see `lab --help`.

fn main() -> std::process::ExitCode {
    inkstone::lab::main()
}
