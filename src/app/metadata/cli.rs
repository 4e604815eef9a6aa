//! `likeness metadata`: names in and out of photos' metadata.

mod names;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use self::names::{Outcome, tell_offered};
use super::job::command::{self, NamesAnswered, NamesAsked};
use super::job::{
    self, FolderNames, LeftName, MoreSources, NameChoices, OfferedNames, SkippedFile, UndoSummary, WriteChoices,
    WriteSummary,
};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable, printable_text};
use crate::app::engine::cli::output::with_path;
use crate::app::engine::cli::{Global, output, there_is_a_library, usage};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::{JobEvent, Skipped};
use crate::library::WritePlace;
use crate::metadata::region_box::RegionBox;
use crate::metadata::xmp::{
    ChangeKind, FileChange, FoundPeople, MetadataPlan, NameList, OthersNames, PacketPlace, PeoplePacket, PlannedChange,
    XmpRegion,
};

/// Read the names that stand in photos' metadata, and write those of the library there
#[derive(Debug, clap::Args)]
pub struct MetadataArgs {
    #[command(subcommand)]
    command: Command,
    /// Print JSON Lines: one object a photo, and the counts last.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What stands about people in a folder's photos and beside them
    Read { folder: PathBuf },
    /// The names that other programs gave to the faces of a folder's photos, which were scanned before
    Names(NamesArgs),
    /// What write would change, file by file; nothing is written
    Diff(WriteArgs),
    /// Write the names of the library's faces for other programs
    Write(WriteArgs),
    /// Put the files of the latest writing back as they were
    Undo,
}

#[derive(Debug, clap::Args)]
struct NamesArgs {
    /// The folder, with everything below it.
    folder: PathBuf,
    /// Name the faces so, as one step that the window's Undo takes back; what contradicts is left.
    #[arg(long)]
    take: bool,
    /// Only these people's names; can be given several times.
    #[arg(long, value_name = "NAME", requires = "take", allow_hyphen_values = true)]
    only: Vec<String>,
    /// Offer this name no more in these photos; can be given several times.
    #[arg(long, value_name = "NAME", conflicts_with = "take", allow_hyphen_values = true)]
    refuse: Vec<String>,
    /// Say of each name what --take or --refuse would do with it, and change nothing.
    #[arg(long)]
    dry_run: bool,
    /// Offer again what was refused.
    #[arg(long, conflicts_with = "dry_run")]
    again: bool,
    /// digiKam's database, digikam4.db; it is read from a copy.
    #[arg(long, value_name = "FILE")]
    digikam: Option<PathBuf>,
    /// Picasa's contacts.xml, which has the names of its people.
    #[arg(long, value_name = "FILE")]
    contacts: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
struct WriteArgs {
    /// The folder, with everything below it; its photos were scanned before.
    folder: PathBuf,
    /// Where names go.
    #[arg(long, value_enum, default_value_t = WritePlace::Sidecar)]
    into: WritePlace,
    /// The lists to keep, all of them unless named; what was written into another is taken out of it.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "LIST")]
    lists: Vec<NameList>,
    /// Also names that are only suggested.
    #[arg(long)]
    suggested: bool,
    /// Keep the time of a file's last change.
    #[arg(long)]
    keep_time: bool,
    /// Remove this name, whichever program wrote it, and do not write it now; can be given several times.
    #[arg(long, value_name = "NAME", allow_hyphen_values = true)]
    remove: Vec<String>,
    /// Put our name in the place of another one at the same face.
    #[arg(long)]
    replace_differing: bool,
    /// Put our regions in the place of those of a picture that was cropped since.
    #[arg(long)]
    replace_stale: bool,
}

impl MetadataArgs {
    /// Faces that other programs know and nobody found are embedded.
    pub fn runs_networks(&self) -> bool {
        matches!(self.command, Command::Names(_))
    }

    fn needs_library(&self) -> bool {
        !matches!(self.command, Command::Read { .. })
    }

    fn refuse_idle(&self) -> Result<()> {
        let keeps_idly = matches!(&self.command, Command::Diff(what) if what.keep_time);
        usage(!keeps_idly, "--keep-time has no effect on diff, which writes nothing")?;
        let shows_idly = matches!(&self.command, Command::Names(what) if what.shows_idly());
        usage(!shows_idly, "--dry-run has no effect without --take or --refuse, which it shows")
    }
}

impl WriteArgs {
    fn choices(&self) -> WriteChoices {
        WriteChoices {
            place: self.into,
            lists: if self.lists.is_empty() { NameList::ALL.to_vec() } else { self.lists.clone() },
            with_suggested: self.suggested,
            at_one_place: false,
            keep_time: self.keep_time,
            others: OthersNames {
                remove: self.remove.clone(),
                replace_differing: self.replace_differing,
                replace_stale: self.replace_stale,
            },
        }
    }
}

/// A file that cannot be read or written keeps no other from its names; it is listed, and the run is no success then.
pub fn run(home: &Home, global: &Global, args: MetadataArgs) -> Result<ExitCode> {
    args.refuse_idle()?;
    if args.needs_library() {
        there_is_a_library(home)?;
    }
    let cancel = cancel_on_ctrl_c()?;
    let mut console = Console::new();
    // Skipped files are listed once, with the counts.
    let mut show = |event| match event {
        JobEvent::Skipped(_) => {}
        event => console.show(event),
    };
    match &args.command {
        Command::Read { folder } => {
            let names = job::read(folder, &home.own_folders(), &cancel, &mut show)?;
            console.close();
            tell_names(&names, args.json)?;
        }
        Command::Names(what) => {
            let more = MoreSources { digikam: what.digikam.clone(), contacts: what.contacts.clone() };
            let asked = NamesAsked { folder: &what.folder, more: &more, again: what.again, dry_run: what.dry_run };
            let given = EngineOptions { device: global.device()?, ..EngineOptions::default() };
            let answered = command::names(home, given, &asked, |offered| what.choices(offered), &cancel, &mut show)?;
            console.close();
            if let Some(NamesAnswered { offered, chosen, answered }) = answered {
                let outcome = match &answered {
                    None => Outcome::WouldBe(&chosen),
                    Some(answered) => Outcome::Is(answered, &chosen),
                };
                tell_offered(&offered, &outcome, args.json)?;
            }
        }
        Command::Diff(what) => {
            let mut tell = |photo: &Path, _: WritePlace, plan: &MetadataPlan| {
                if output::is_closed() {
                    cancel.cancel();
                }
                tell_plan(photo, plan, args.json)
            };
            let summary = command::diff(home, &what.folder, &what.choices(), &cancel, &mut show, &mut tell)?;
            console.close();
            tell_written(&summary, ["would change", "Nothing would change"], args.json)?;
            return Ok(success_if(summary.skipped.is_empty()));
        }
        Command::Write(what) => {
            let summary = command::write(home, &what.folder, &what.choices(), &cancel, &mut show)?;
            console.close();
            tell_written(&summary, ["changed", "Nothing was changed"], args.json)?;
            return Ok(success_if(summary.skipped.is_empty()));
        }
        Command::Undo => {
            let summary = command::undo(home, &cancel, &mut show)?;
            console.close();
            tell_undone(summary.as_ref(), args.json)?;
            return Ok(success_if(summary.is_some_and(|summary| summary.skipped.is_empty())));
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Ctrl-C has an exit code of its own.
fn success_if(all_was_done: bool) -> ExitCode {
    if all_was_done { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl NamesArgs {
    fn shows_idly(&self) -> bool {
        self.dry_run && !self.take && self.refuse.is_empty()
    }

    /// What is answered to what is offered; nothing where nothing was asked.
    fn choices(&self, offered: &OfferedNames) -> Result<NameChoices> {
        match (self.take, &self.refuse[..]) {
            (true, _) => offered.to_take(&self.only),
            (false, []) => Ok(NameChoices::default()),
            (false, refused) => offered.to_refuse(refused),
        }
    }
}

fn tell_names(names: &FolderNames, json: bool) -> Result<()> {
    let counts = names.counts();
    if json {
        for (photo, people) in &names.photos {
            output::json(&people_json(photo, people))?;
        }
        return output::json(&json!({
            "photos": names.looked_at, "with_names": names.photos.len(), "regions": counts.regions,
            "names": counts.names, "skipped": skipped_json(&names.skipped),
        }));
    }
    for (photo, people) in &names.photos {
        output::line(printable(photo))?;
        for line in people.packets.iter().filter(|packet| job::says_something(packet)).flat_map(packet_lines) {
            output::line(format!("  {line}"))?;
        }
    }
    output::line(format!(
        "{} of {} in {} of {}",
        counted(counts.regions, "region", "regions"),
        counted(counts.names, "name", "different names"),
        names.photos.len(),
        counted(names.looked_at, "photo", "photos")
    ))?;
    tell_skipped(&names.skipped)
}

fn packet_lines(packet: &PeoplePacket) -> Vec<String> {
    let program = packet.program.as_deref().map(|program| format!(", {}", printable_text(program))).unwrap_or_default();
    let mut lines = vec![format!("{}{program}", place_words(&packet.place))];
    lines.extend(packet.regions.iter().map(|region| {
        let name = region.name.as_deref().map_or_else(|| "(no name)".to_owned(), printable_text);
        let at = region.area.map(|area| format!(" at {}", box_words(area))).unwrap_or_default();
        format!("  {} {name}{at}", region.format.word())
    }));
    let lists = [
        ("person in image", &packet.person_in_image),
        ("hierarchical keyword", &packet.hierarchical),
        ("digiKam tag", &packet.tags),
        ("keyword", &packet.subject),
    ];
    lines.extend(
        lists
            .iter()
            .flat_map(|(what, texts)| texts.iter().map(move |text| format!("  {what} {}", printable_text(text)))),
    );
    lines
}

fn box_words(b: RegionBox) -> String {
    format!("{:.4}, {:.4}, {:.4} × {:.4}", b.x, b.y, b.width, b.height)
}

/// As many digits as are written into files.
fn box_json(b: RegionBox) -> [f64; 4] {
    b.sides().map(|side| (f64::from(side) * 1e6).round() / 1e6)
}

fn place_words(place: &PacketPlace) -> String {
    match place {
        PacketPlace::Sidecar(path) => format!("beside it, {}", printable(path)),
        PacketPlace::Embedded => "in the file".to_owned(),
        PacketPlace::Extended => "in the file, continued".to_owned(),
    }
}

fn people_json(photo: &Path, people: &FoundPeople) -> Value {
    let packets: Vec<Value> = people.packets.iter().map(packet_json).collect();
    with_path(photo, json!({ "packets": packets }))
}

fn packet_json(packet: &PeoplePacket) -> Value {
    let sidecar = match &packet.place {
        PacketPlace::Sidecar(path) => Some(output::path_json(path)),
        PacketPlace::Embedded | PacketPlace::Extended => None,
    };
    json!({
        "sidecar": sidecar,
        "program": packet.program,
        "regions": packet.regions.iter().map(region_json).collect::<Vec<_>>(),
        "person_in_image": packet.person_in_image,
        "subject": packet.subject,
        "hierarchical_subject": packet.hierarchical,
        "tags_list": packet.tags,
    })
}

fn region_json(region: &XmpRegion) -> Value {
    json!({
        "format": region.format.word(),
        "name": region.name,
        "is_person": region.kind.is_person(),
        "box": region.area.map(box_json),
        "applied_to": region.applied_to,
    })
}

fn tell_plan(photo: &Path, plan: &MetadataPlan, json: bool) -> Result<()> {
    if json {
        let lists: Vec<Value> = plan.changes.iter().map(change_json).collect();
        return output::json(&json!({
            "photo": output::path_json(photo), "file": output::path_json(&plan.path),
            "change": change_word(&plan.file), "lists": lists,
        }));
    }
    let is_withheld = plan.changes.iter().any(|change| change.kind == ChangeKind::Withheld);
    match &plan.file {
        FileChange::Nothing if !is_withheld => Ok(()),
        _ => {
            output::line(format!("{}: {}", printable(&plan.path), plan.file))?;
            plan.changes
                .iter()
                .try_for_each(|change| output::line(format!("  {}", printable_text(&change.to_string()))))
        }
    }
}

fn change_json(change: &PlannedChange) -> Value {
    let what = match change.kind {
        ChangeKind::Added => "added",
        ChangeKind::Removed => "removed",
        ChangeKind::RemovedOthers => "removed_others",
        ChangeKind::Kept => "kept",
        ChangeKind::KeptOthers => "kept_others",
        ChangeKind::Withheld => "withheld",
    };
    json!({
        "list": change.list, "what": what, "text": change.text, "instead": change.instead,
        "box": change.area.map(box_json),
    })
}

fn change_word(file: &FileChange) -> &'static str {
    match file {
        FileChange::Nothing => "nothing",
        FileChange::Create { .. } => "create",
        FileChange::Replace { .. } => "replace",
        FileChange::Remove { .. } => "remove",
    }
}

/// `what` is said of files, and of none.
fn tell_written(summary: &WriteSummary, what: [&str; 2], json: bool) -> Result<()> {
    let WriteSummary { files, unchanged, left, skipped, cancelled } = summary;
    if json {
        let left: Vec<Value> = left.iter().map(left_json).collect();
        return output::json(&json!({
            "files": files, "unchanged": unchanged, "left": left, "skipped": skipped_json(&as_told(skipped)),
            "cancelled": cancelled,
        }));
    }
    let ([some, none], skipped) = (what, &as_told(skipped));
    if *files + *unchanged + skipped.len() == 0 && !cancelled {
        return output::line(format!("{none}: no photo of the library there has names to write"));
    }
    let files = match files {
        0 => none.to_owned(),
        files => format!("{} {some}", counted(*files, "file", "files")),
    };
    let left_to_others = match left.len() {
        0 => String::new(),
        names => format!(", {} left to other programs", counted(names, "name", "names")),
    };
    output::line(format!("{files}, {unchanged} as they were, {} skipped{left_to_others}", skipped.len()))?;
    left.iter().try_for_each(|LeftName { file, name, instead }| {
        let (name, instead) = (printable_text(name), printable_text(instead));
        output::line(format!("left {}: {name} is not written, the face is called {instead} there", printable(file)))
    })?;
    tell_skipped(skipped)
}

fn left_json(LeftName { file, name, instead }: &LeftName) -> Value {
    json!({ "file": output::path_json(file), "name": name, "instead": instead })
}

fn tell_undone(summary: Option<&UndoSummary>, json: bool) -> Result<()> {
    let Some(UndoSummary { restored, skipped, cancelled }) = summary else {
        return match json {
            true => output::json(&json!({ "restored": 0, "skipped": [], "cancelled": false })),
            false => output::line("Nothing was written that could be taken back"),
        };
    };
    if json {
        let skipped = skipped_json(&as_told(skipped));
        return output::json(&json!({ "restored": restored, "skipped": skipped, "cancelled": cancelled }));
    }
    let restored = match restored {
        0 => "No file was put back".to_owned(),
        files => format!("{} put back", counted(*files, "file", "files")),
    };
    output::line(format!("{restored}, {} skipped", skipped.len()))?;
    tell_skipped(&as_told(skipped))
}

fn as_told(skipped: &[SkippedFile]) -> Vec<Skipped> {
    skipped.iter().cloned().map(Skipped::from).collect()
}

fn skipped_json(skipped: &[Skipped]) -> Value {
    serde_json::to_value(skipped).unwrap_or_default()
}

fn tell_skipped(skipped: &[Skipped]) -> Result<()> {
    skipped.iter().try_for_each(|Skipped { path, reason }| {
        output::line(format!("skipped {}: {}", printable(path), printable_text(reason)))
    })
}
