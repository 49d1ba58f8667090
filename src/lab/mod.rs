//! The engine on the command line: the same code as in the worker, natively.
//!
//! JSON goes to standard output, one-line errors to standard error; bad input ends with exit code 2. Nothing here
//! computes anything itself.

mod digest;
pub mod file;
mod fit;
mod inspect;
mod perplexity;
mod run;
mod shaders;
mod text;

use crate::error::{Error, ErrorKind, Result};
use crate::protocol::{BenchPlan, GenerateOptions, KvType, ModelId};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

/// Runs InternLM2 models from GGUF files, on the GPU.
#[derive(Parser)]
#[command(name = "lab", version)]
struct Arguments {
    /// Left out: talk with the built-in guide
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Check a file and print its header, sizes, tensors and vocabulary
    Inspect {
        /// A GGUF file; one with a vocabulary only will do
        file: PathBuf,
        /// Do not read the weights to look for NaN and infinity
        #[arg(long)]
        header_only: bool,
    },
    /// Print the token ids of a text
    Tokenize {
        /// A GGUF file; one with a vocabulary only will do
        file: PathBuf,
        /// The text
        #[arg(long, required_unless_present = "jsonl", conflicts_with = "jsonl", allow_hyphen_values = true)]
        text: Option<String>,
        /// Read JSON strings, one a line, from standard input instead
        #[arg(long)]
        jsonl: bool,
        /// Parse special tokens in the text
        #[arg(long)]
        special: bool,
    },
    /// Print the text of token ids
    Detokenize {
        /// A GGUF file; one with a vocabulary only will do
        file: PathBuf,
        /// Ids, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        ids: Vec<u32>,
    },
    /// Print the logits after the last of some tokens
    Logits {
        /// A GGUF file
        file: PathBuf,
        /// Ids, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        tokens: Vec<u32>,
        /// What computes
        #[arg(long, value_enum, default_value_t = Backend::Gpu)]
        backend: Backend,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Print the best continuation of some tokens; stop tokens are not special
    Greedy {
        /// A GGUF file
        file: PathBuf,
        /// Ids, separated by commas
        #[arg(long, value_delimiter = ',', required = true)]
        tokens: Vec<u32>,
        /// How many tokens
        #[arg(short = 'n', default_value_t = 16)]
        count: u32,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Talk with a model in the terminal
    Chat {
        /// A GGUF file; left out: the built-in guide
        file: Option<PathBuf>,
        /// The system prompt
        #[arg(long)]
        system: Option<String>,
        #[command(flatten)]
        sampling: SamplingArguments,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Print one answer
    Ask {
        /// A GGUF file; left out: the built-in guide
        file: Option<PathBuf>,
        /// What to ask
        #[arg(long, required_unless_present = "jsonl", conflicts_with = "jsonl", allow_hyphen_values = true)]
        prompt: Option<String>,
        /// Read questions, JSON strings one a line, from standard input, and print {"answer"} for each
        #[arg(long)]
        jsonl: bool,
        /// The system prompt
        #[arg(long, allow_hyphen_values = true)]
        system: Option<String>,
        #[command(flatten)]
        sampling: SamplingArguments,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Print the SHA-256 of a file and of its chunks, to be kept beside it on a host
    Digest {
        /// A GGUF file
        file: PathBuf,
        /// Print its entry for models.json instead: where it will lie, relative to the page
        #[arg(long)]
        entry: Option<String>,
    },
    /// Measure speed
    Bench {
        /// A GGUF file; left out: the built-in guide
        file: Option<PathBuf>,
        /// Prompt length in tokens
        #[arg(short = 'p', default_value_t = 128)]
        prompt: u32,
        /// Tokens to decode
        #[arg(short = 'n', default_value_t = 32)]
        generate: u32,
        /// Tokens of conversation before decoding is measured a second time
        #[arg(short = 'd', default_value_t = 0)]
        depth: u32,
        /// Repeats
        #[arg(short = 'r', default_value_t = 5)]
        repeats: u32,
        /// Measure each kernel and its variants, too
        #[arg(long)]
        kernels: bool,
        #[command(flatten)]
        device: DeviceArguments,
    },
    /// Check every kernel on this GPU against stored results, and the guide's known answer
    Selftest,
    /// Measure this GPU, and print what fits it and how fast it will be; with files, also how fast they are
    Fit {
        /// GGUF files to predict and to measure
        files: Vec<PathBuf>,
        /// Tokens to decode of each
        #[arg(short = 'n', default_value_t = 8)]
        generate: u32,
    },
    /// Print the WGSL of every kernel
    Shaders,
    /// Measure how well a model predicts a text
    Perplexity {
        /// A GGUF file
        file: PathBuf,
        /// A text file
        #[arg(long = "file")]
        text: PathBuf,
        /// Tokens of a window; the second half of each is scored
        #[arg(long = "ctx", default_value_t = 512)]
        context: u32,
        #[command(flatten)]
        device: DeviceArguments,
    },
}

/// What computes.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Backend {
    /// The kernels on the GPU.
    Gpu,
    /// The reference in tensor operations on the CPU.
    Cpu,
}

/// How a model is put on the GPU.
#[derive(Args, Clone)]
struct DeviceArguments {
    /// How keys and values are kept
    #[arg(long, value_parser = parse_kv, default_value = "f16")]
    kv: KvType,
    /// Tokens of context; as many as the command needs if left out
    #[arg(long)]
    context: Option<u32>,
    /// Pretend that the GPU binds at most this many bytes
    #[arg(long)]
    max_binding: Option<u64>,
    /// Use this kernel variant, such as matvec_lanes; may be given for several kernels
    #[arg(long = "variant")]
    variants: Vec<String>,
}

impl Default for DeviceArguments {
    fn default() -> Self {
        Self { kv: KvType::F16, context: None, max_binding: None, variants: Vec::new() }
    }
}

#[derive(Args, Clone, Default)]
struct SamplingArguments {
    /// 0 always takes the best token
    #[arg(long)]
    temperature: Option<f32>,
    /// Keep the k likeliest tokens; 0 keeps all
    #[arg(long)]
    top_k: Option<u32>,
    /// Keep the likeliest tokens up to this sum of probabilities
    #[arg(long)]
    top_p: Option<f32>,
    /// Keep tokens at least this fraction as likely as the likeliest
    #[arg(long)]
    min_p: Option<f32>,
    /// Penalty of tokens seen before
    #[arg(long)]
    repetition_penalty: Option<f32>,
    /// The same seed gives the same text
    #[arg(long)]
    seed: Option<u64>,
    /// At most this many tokens
    #[arg(long)]
    max_tokens: Option<u32>,
}

impl SamplingArguments {
    /// What was asked for, and the rest as suits the model.
    fn options(&self, model: &ModelId) -> GenerateOptions {
        let usual = if model.is_guide() { GenerateOptions::by_heart() } else { GenerateOptions::default() };
        GenerateOptions {
            temperature: self.temperature.unwrap_or(usual.temperature),
            top_k: self.top_k.unwrap_or(usual.top_k),
            top_p: self.top_p.unwrap_or(usual.top_p),
            min_p: self.min_p.unwrap_or(usual.min_p),
            repetition_penalty: self.repetition_penalty.unwrap_or(usual.repetition_penalty),
            seed: self.seed,
            max_tokens: self.max_tokens,
        }
    }
}

fn parse_kv(name: &str) -> Result<KvType, String> {
    serde_json::from_value(serde_json::Value::from(name)).map_err(|_| "expected f32, f16, q8_0 or q4_0".to_owned())
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let talk = Command::Chat {
        file: None,
        system: None,
        sampling: SamplingArguments::default(),
        device: DeviceArguments::default(),
    };
    match pollster::block_on(dispatch(arguments.command.unwrap_or(talk))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error} [{}]", error.code());
            ExitCode::from(2)
        }
    }
}

async fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Inspect { file, header_only } => inspect::inspect(&file, header_only),
        Command::Tokenize { file, text: Some(text), special, .. } => text::tokenize(&file, &text, special),
        Command::Tokenize { file, text: None, special, .. } => text::tokenize_lines(&file, special),
        Command::Detokenize { file, ids } => text::detokenize(&file, &ids),
        Command::Logits { file, tokens, backend: Backend::Gpu, device } => run::logits(&file, &tokens, device).await,
        Command::Logits { file, tokens, backend: Backend::Cpu, .. } => run::reference_logits(&file, &tokens),
        Command::Greedy { file, tokens, count, device } => run::greedy(&file, &tokens, count, device).await,
        Command::Chat { file, system, sampling, device } => {
            text::chat(file.as_deref(), system.as_deref(), &sampling, device).await
        }
        Command::Ask { file, prompt, system, sampling, device, .. } => {
            text::ask(file.as_deref(), prompt.as_deref(), system.as_deref(), &sampling, device).await
        }
        Command::Digest { file, entry } => digest::digest(&file, entry.as_deref()),
        Command::Bench { file, prompt, generate, depth, repeats, kernels, device } => {
            let plan = BenchPlan { prompt, generate, depth, repeats, kernels };
            run::bench(file.as_deref(), plan, device).await
        }
        Command::Selftest => fit::selftest().await,
        Command::Fit { files, generate } => fit::fit(&files, generate).await,
        Command::Shaders => shaders::shaders(),
        Command::Perplexity { file, text, context, device } => {
            perplexity::perplexity(&file, &text, context, device).await
        }
    }
}

/// Prints a value as one line of JSON.
fn print(value: &impl serde::Serialize) -> Result<()> {
    let json = serde_json::to_string(value)
        .map_err(|error| Error::new(ErrorKind::Internal, format!("the result is no JSON: {error}")))?;
    print_line(&json);
    Ok(())
}

/// Prints a line. Whoever reads it may have stopped reading, which is no fault of anybody's.
fn print_line(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
