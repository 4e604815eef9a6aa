//! `likeness metadata`: names in and out of photos' metadata.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use super::job::{
    self, AnsweredHere, FolderNames, KnownFaces, MoreSources, NameChoices, OfferedNames, UndoSummary, WriteChoices,
    WriteSummary,
};
use crate::app::engine::cli::console::{Console, cancel_on_ctrl_c, counted, printable, printable_text};
use crate::app::engine::cli::output::with_path;
use crate::app::engine::cli::{Global, output, there_is_a_library, usage};
use crate::app::engine::home::Home;
use crate::app::engine::networks::EngineOptions;
use crate::app::engine::progress::{JobEvent, Skipped};
use crate::app::jobs::options::resolve;
use crate::library::{Library, WritePlace};
use crate::metadata::name_key::NameKey;
use crate::metadata::review::{NameConflict, PersonFound};
use crate::metadata::xmp::{
    ChangeKind, FileChange, FoundPeople, MetadataPlan, NameList, OthersNames, PacketPlace, PeoplePacket, PlannedChange,
    RegionBox, XmpRegion,
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
    /// Offer again what was refused.
    #[arg(long)]
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
    /// Remove this name, whichever program wrote it; can be given several times.
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

    fn refuse_idle(&self) -> Result<()> {
        let keeps_idly = matches!(&self.command, Command::Diff(what) if what.keep_time);
        usage(!keeps_idly, "--keep-time has no effect on diff, which writes nothing")
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

/// Files that cannot be read or written do not fail a run; they are listed.
pub fn run(home: &Home, global: &Global, args: MetadataArgs) -> Result<ExitCode> {
    args.refuse_idle()?;
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
            let mut library = opened(home)?;
            let options = resolve(home, EngineOptions { device: global.device()?, ..EngineOptions::default() })?;
            if what.again {
                job::offer_again(&mut library)?;
            }
            let more = MoreSources { digikam: what.digikam.clone(), contacts: what.contacts.clone() };
            let known = KnownFaces::read(&library, &what.folder, &options.model_id())?;
            // A library that cannot be written is read anew the next time.
            let mut keep = |read: Vec<_>, gone: Vec<_>| _ = library.note_names_read(&read, &gone);
            let offered = job::offer(home, known, &options, &more, &mut keep, &cancel, &mut show)?;
            let answered = match &offered {
                Some(offered) => {
                    let chosen = what.choices(offered)?;
                    let names = (offered, &chosen);
                    job::answer_here(home, &mut library, &options, names, &cancel, &mut show)?.zip(Some(chosen))
                }
                None => None,
            };
            console.close();
            if let (Some(offered), Some((answered, chosen))) = (&offered, &answered) {
                tell_offered(offered, answered, chosen, args.json)?;
            }
        }
        Command::Diff(what) => {
            let mut tell = |photo: &Path, _: WritePlace, plan: &MetadataPlan| {
                if output::is_closed() {
                    cancel.cancel();
                }
                tell_plan(photo, plan, args.json)
            };
            let summary = job::diff(&mut opened(home)?, &what.folder, &what.choices(), &cancel, &mut show, &mut tell)?;
            console.close();
            tell_written(&summary, "would change", args.json)?;
        }
        Command::Write(what) => {
            let summary = job::write(&mut opened(home)?, &what.folder, &what.choices(), &cancel, &mut show)?;
            console.close();
            tell_written(&summary, "changed", args.json)?;
        }
        Command::Undo => {
            let summary = job::undo(&mut opened(home)?, &cancel, &mut show)?;
            console.close();
            tell_undone(summary.as_ref(), args.json)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn opened(home: &Home) -> Result<Library> {
    there_is_a_library(home)?;
    Ok(Library::open(&home.library())?)
}

impl NamesArgs {
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

fn tell_offered(offered: &OfferedNames, answered: &AnsweredHere, chosen: &NameChoices, json: bool) -> Result<()> {
    let review = &offered.review;
    let (names, people) = review.counts();
    let (taken, refused) = (answered.touched.faces.len(), chosen.refused.len());
    let skipped: Vec<Skipped> = offered.skipped.iter().chain(&answered.skipped).cloned().collect();
    if json {
        let conflicts = review.conflicts.iter().map(|conflict| json!({ "conflict": conflict_words(conflict) }));
        for found in review.people.iter().map(person_json).chain(conflicts) {
            output::json(&found)?;
        }
        return output::json(&json!({
            "names": names, "people": people, "conflicts": review.conflicts.len(),
            "withdrawn": review.withdrawn.len(), "elsewhere": review.elsewhere, "taken": taken,
            "by_hand": answered.by_hand, "refused": refused, "skipped": skipped_json(&skipped),
        }));
    }
    for person in &review.people {
        output::line(person_words(person))?;
    }
    for conflict in &review.conflicts {
        output::line(format!("contradiction: {}", conflict_words(conflict)))?;
    }
    for name in &review.withdrawn {
        let (photo, name) = (name.answer.photo.0, printable_text(&name.name));
        output::line(format!("withdrawn: photo {photo} names {name} no more"))?;
    }
    let people = counted(people, "person", "people");
    output::line(format!("{} of {people} found in the photos", counted(names, "name", "names")))?;
    match (taken, refused) {
        (0, 0) if names > 0 && chosen.taken.is_empty() => {
            output::line("Nothing was changed; --take names the faces so")?;
        }
        (0, 0) => {}
        (_, 0) => {
            let cut = counted(answered.by_hand, "of them was cut out", "of them were cut out");
            let taken = counted(taken, "face", "faces");
            output::line(format!("{taken} named so; {cut} where no face had been found"))?;
        }
        _ => output::line(format!("{} not offered again", counted(refused, "name is", "names are")))?,
    }
    tell_skipped(&skipped)
}

fn person_json(person: &PersonFound) -> Value {
    json!({
        "name": person.name, "spellings": person.spellings, "person": person.person.map(|id| id.0),
        "names": person.names, "by_source": person.by_source, "settled": person.settled,
        "faces": person.faces.iter().map(|face| face.face.0).collect::<Vec<_>>(),
        "by_hand": person.by_hand.len(), "open": person.open.len(),
    })
}

fn person_words(person: &PersonFound) -> String {
    let sources: Vec<String> =
        person.by_source.iter().map(|(source, count)| format!("{} {count}", source.words())).collect();
    let faces = counted(person.faces.len(), "face to be named", "faces to be named");
    format!(
        "{}: {} ({}); {faces}, {} named already, {} without a face that was found, {} open",
        printable_text(&person.name),
        counted(person.names, "photo", "photos"),
        sources.join(", "),
        person.settled,
        person.by_hand.len(),
        person.open.len()
    )
}

fn conflict_words(conflict: &NameConflict) -> String {
    let quoted = |key: &NameKey| format!("\"{}\"", printable_text(key.as_str()));
    match conflict {
        NameConflict::TwoNames { photo, names, .. } => {
            let names: Vec<String> = names.iter().map(|name| quoted(&name.key)).collect();
            format!("one face of photo {} is called {}", photo.0, names.join(" and "))
        }
        NameConflict::OtherPerson { photo, face, person, name, .. } => {
            format!("face {} of photo {} is person {} here, and {} there", face.0, photo.0, person.0, quoted(&name.key))
        }
        NameConflict::TwoPeople { key, groups } => {
            format!("{} is the name of {} groups of faces unlike each other", quoted(key), groups.len())
        }
    }
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
    format!("{:.4}, {:.4}, {:.4} × {:.4}", b.left, b.top, b.width, b.height)
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
        "box": region.area.map(|b| [b.left, b.top, b.width, b.height]),
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
    match &plan.file {
        FileChange::Nothing => Ok(()),
        _ => output::line(plan),
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
        "box": change.area.map(|b| [b.left, b.top, b.width, b.height]),
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

fn tell_written(summary: &WriteSummary, what: &str, json: bool) -> Result<()> {
    let WriteSummary { files, unchanged, skipped, cancelled } = summary;
    if json {
        let skipped = skipped_json(skipped);
        return output::json(
            &json!({ "files": files, "unchanged": unchanged, "skipped": skipped, "cancelled": cancelled }),
        );
    }
    let files = counted(*files, "file", "files");
    output::line(format!("{files} {what}, {unchanged} as they were, {} skipped", skipped.len()))?;
    tell_skipped(skipped)
}

fn tell_undone(summary: Option<&UndoSummary>, json: bool) -> Result<()> {
    let Some(UndoSummary { restored, skipped, cancelled }) = summary else {
        return match json {
            true => output::json(&json!({ "restored": 0, "skipped": [], "cancelled": false })),
            false => output::line("Nothing was written that could be taken back"),
        };
    };
    if json {
        let skipped = skipped_json(skipped);
        return output::json(&json!({ "restored": restored, "skipped": skipped, "cancelled": cancelled }));
    }
    output::line(format!("{} put back, {} skipped", counted(*restored, "file", "files"), skipped.len()))?;
    tell_skipped(skipped)
}

fn skipped_json(skipped: &[Skipped]) -> Value {
    serde_json::to_value(skipped).unwrap_or_default()
}

fn tell_skipped(skipped: &[Skipped]) -> Result<()> {
    skipped.iter().try_for_each(|Skipped { path, reason }| {
        output::line(format!("skipped {}: {}", printable(path), printable_text(reason)))
    })
}
