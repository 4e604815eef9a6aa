//! `likeness bench`: what this machine does in a second, step by step.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, end_on_ctrl_c};
use crate::app::engine::cli::{Global, at_least_one, count_between, output, seed, usage};
use crate::app::engine::home::Home;
use crate::app::engine::networks::{EngineOptions, choose_device};
use crate::app::engine::progress::JobEvent;
use crate::app::evaluate::job::bench::{self, BenchPlan, BenchReport, Machine};
use crate::app::evaluate::job::bench_library::{LibraryBenchEvent, LibraryReport, bench_library};
use crate::app::evaluate::job::bench_networks::{NetworkTime, bench_network};
use crate::app::evaluate::job::bench_pairs::{AllPairsReport, bench_all_pairs};
use crate::app::evaluate::job::bench_photos::{DecodingTime, bench_photos};
use crate::app::jobs::options::device_in_use;

/// Measure decode, detect, align, embed and cluster rates on synthetic photos.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Synthetic photos to draw.
    #[arg(long, default_value_t = 24, value_parser = at_least_one::<u32>)]
    photos: u32,
    /// Random embeddings to group.
    #[arg(long, default_value_t = 5000, value_name = "N", value_parser = at_least_one::<usize>)]
    cluster_faces: usize,
    /// Instead: count the distances of all pairs of so many random unit vectors.
    #[arg(long, value_name = "N", value_parser = count_between::<u32, 2, 1_000_000_000>,
          conflicts_with_all = ["decode", "photos", "cluster_faces", "detector", "offline"])]
    all_pairs: Option<u32>,
    /// Instead: decode the photos of a folder, one after the other.
    #[arg(long, value_name = "FOLDER",
          conflicts_with_all = ["all_pairs", "photos", "cluster_faces", "seed", "detector", "offline"])]
    decode: Option<PathBuf>,
    /// Instead: make a library of so many faces (1000 at least) in a temporary folder, and measure grouping, decisions,
    /// reading and a rescan. Prints a table for benches/README.md. On two idle cores 100000 take some minutes; of 1000000
    /// the first grouping alone takes about half an hour, and they need 4 GB of memory and 8 GB in the temporary folder.
    #[arg(long, value_name = "N", value_parser = at_least_one::<u32>,
          conflicts_with_all = ["all_pairs", "decode", "photos", "cluster_faces", "detector", "offline"])]
    library: Option<u32>,
    /// Instead: time passes of a network of the catalogue, or of yunet, with random weights.
    #[arg(long, value_name = "NAME",
          conflicts_with_all = ["all_pairs", "decode", "library", "photos", "cluster_faces", "seed", "detector", "offline"])]
    network: Option<String>,
    /// Pictures in one pass of the network.
    #[arg(long, default_value_t = 1, requires = "network", conflicts_with_all = ["all_pairs", "decode", "library"],
          value_parser = at_least_one::<usize>)]
    pictures: usize,
    /// Passes of the network.
    #[arg(long, default_value_t = 20, requires = "network", conflicts_with_all = ["all_pairs", "decode", "library"],
          value_parser = at_least_one::<usize>)]
    passes: usize,
    #[arg(long, default_value_t = 1, value_parser = seed)]
    seed: u64,
    /// The detector: yunet or mtcnn.
    #[arg(long, value_name = "ID")]
    detector: Option<String>,
    /// Do not install missing models.
    #[arg(long)]
    offline: bool,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

pub fn run(home: &Home, global: &Global, args: BenchArgs) -> Result<ExitCode> {
    if let Some(faces) = args.library {
        usage(global.device.is_none(), "--device has no effect with --library: only a rescan loads networks")?;
        usage(faces >= LEAST_FACES, "--library needs 1000 faces at least: fewer cost nothing that can be measured")?;
        return library(home, faces as usize, &args);
    }
    let cancel = end_on_ctrl_c()?;
    let mut console = Console::new();
    usage(args.decode.is_none() || global.device.is_none(), "--device has no effect with --decode: no network runs")?;
    if let Some(folder) = &args.decode {
        return print_decoding(&bench_photos(folder, DECODING_ROUNDS, &cancel)?, args.json);
    }
    if let Some(count) = args.all_pairs {
        let mut note = |text| console.show(JobEvent::Note(text));
        let device = device_in_use(home, global.device()?)?;
        let report = bench_all_pairs(count as usize, args.seed, &device, &cancel, &mut note)?;
        return print_all_pairs(&report, args.json);
    }
    if let Some(name) = &args.network {
        let device = device_in_use(home, global.device()?)?;
        let (device, notes) = choose_device(home, &device)?;
        notes.into_iter().for_each(|text| console.show(JobEvent::Note(text)));
        return print_network(&bench_network(name, args.pictures, args.passes, &device, &cancel)?, args.json);
    }
    // Always the default networks, so that figures compare.
    let options = EngineOptions {
        device: Some(device_in_use(home, global.device()?)?),
        detector: args.detector,
        offline: args.offline,
        ..EngineOptions::default()
    };
    let plan = BenchPlan { photos: args.photos, cluster_faces: args.cluster_faces, seed: args.seed };
    let report = bench::bench(home, &options, &plan, &cancel, &mut |event| console.show(event))?;
    match args.json {
        true => output::json(&report)?,
        false => print_table(&report)?,
    }
    Ok(ExitCode::SUCCESS)
}

const LEAST_FACES: u32 = 1000;

/// Ctrl-C gives it the time to remove what it made.
fn library(home: &Home, faces: usize, args: &BenchArgs) -> Result<ExitCode> {
    let cancel = cancel_on_ctrl_c()?;
    let mut console = Console::new();
    let report = bench_library(faces, args.seed, home, &cancel, &mut |event| match event {
        LibraryBenchEvent::Made { done, of } => console.progress(format!("Making face {done} of {of}")),
        LibraryBenchEvent::Job(event) => console.show(event),
    })?;
    console.close();
    match args.json {
        true => output::json(&report)?,
        false => print_library(&report)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn print_library(report: &LibraryReport) -> Result<()> {
    print_machine(&report.machine, report.seed)?;
    let memory =
        report.peak_memory_bytes.map_or(String::new(), |bytes| format!("; peak memory {} MB", bytes / 1_000_000));
    output::line(format!(
        "{} in {}, {} after the first grouping{memory}\n",
        counted(report.faces, "made face", "made faces"),
        counted(report.photos, "photo", "photos"),
        counted(report.groups, "group", "groups"),
    ))?;
    output::line("| what | seconds | 99 % below | beside it | seconds | ratio |\n|---|--:|--:|---|--:|--:|")?;
    for cost in &report.costs {
        let p99 = cost.p99_secs.map_or(String::new(), seconds);
        output::line(format!(
            "| {} | {} | {p99} | {} | {} | {:.2} |",
            cost.what,
            seconds(cost.secs),
            cost.against,
            seconds(cost.against_secs),
            cost.secs / cost.against_secs
        ))?;
    }
    report.left_out.iter().try_for_each(|why| output::line(format!("Not measured: {why}")))
}

/// Three digits that say something.
fn seconds(secs: f64) -> String {
    let digits = if secs < 0.1 { 5 } else { 2 };
    format!("{secs:.digits$}")
}

/// Of each photo the quickest counts: what else runs meanwhile only makes it slower.
const DECODING_ROUNDS: u32 = 3;

fn print_decoding(times: &BTreeMap<String, DecodingTime>, json: bool) -> Result<ExitCode> {
    if json {
        output::json(times)?;
        return Ok(ExitCode::SUCCESS);
    }
    for (format, time) in times {
        output::line(format!(
            "{format:8} {}, {:.1} megapixels: whole {:.3} s, as a scan opens them {:.3} s",
            counted(time.photos, "photo", "photos"),
            time.megapixels,
            time.whole_secs,
            time.for_scan_secs
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print_network(time: &NetworkTime, json: bool) -> Result<ExitCode> {
    if json {
        output::json(time)?;
        return Ok(ExitCode::SUCCESS);
    }
    output::line(format!(
        "{}, {} at once, {}: median {:.2} ms, quickest {:.2} ms",
        time.network,
        counted(time.pictures, "picture", "pictures"),
        counted(time.passes, "pass", "passes"),
        time.median_ms,
        time.quickest_ms
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn print_all_pairs(report: &AllPairsReport, json: bool) -> Result<ExitCode> {
    if json {
        output::json(report)?;
        return Ok(ExitCode::SUCCESS);
    }
    let memory =
        report.peak_memory_bytes.map_or(String::new(), |bytes| format!("; peak memory {} MB", bytes / 1_000_000));
    output::line(format!(
        "{}, {} in {:.1} s on {}: {:.0} million pairs/s; mean bin {:.3}{memory}",
        counted(report.vectors, "vector", "vectors"),
        counted(report.pairs as usize, "pair", "pairs"),
        report.elapsed_secs,
        report.counted_on,
        report.pairs_per_s / 1e6,
        report.mean_bin
    ))?;
    Ok(ExitCode::SUCCESS)
}

fn print_table(report: &BenchReport) -> Result<()> {
    print_machine(&report.machine, report.seed)?;
    for rate in &report.rates {
        output::line(format!(
            "{:12} {:>9.1} {} ({}); {:.2} × {}",
            rate.step,
            rate.per_s,
            rate.unit,
            counted(rate.items, "item", "items"),
            rate.ratio,
            rate.against
        ))?;
    }
    Ok(())
}

fn print_machine(machine: &Machine, seed: u64) -> Result<()> {
    let processor = machine.processor.as_deref().unwrap_or("unknown processor");
    output::line(format!(
        "{processor}, {}, {}; networks on {}; seed {}",
        counted(machine.cores, "core", "cores"),
        machine.system,
        machine.device,
        seed
    ))?;
    if !machine.optimised {
        output::line("This is a development build: build with --release for figures that count")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::Args;

    use super::*;
    use crate::app::engine::cli::idle;

    #[test]
    fn what_has_no_effect_beside_another_measurement_is_refused() {
        let bench = BenchArgs::augment_args(clap::Command::new("bench"));
        idle::refuses_all_but(&bench, &["--decode", "photos"], &["json"]);
        idle::refuses_all_but(&bench, &["--all-pairs", "9"], &["seed", "json"]);
        idle::refuses_all_but(&bench, &["--library", "2000"], &["seed", "json"]);
    }
}
