//! What a computer tells of itself: whether it runs on battery, and which of its drives are other computers'.

use std::fs;
use std::path::Path;

/// Where Linux tells of what powers the computer.
#[cfg(target_os = "linux")]
const SUPPLIES: &str = "/sys/class/power_supply";

/// Whether the computer runs on its battery. Elsewhere than on Linux that is not known, and counts as no.
pub(super) fn is_on_battery() -> bool {
    #[cfg(target_os = "linux")]
    return runs_on_battery(Path::new(SUPPLIES));
    #[cfg(not(target_os = "linux"))]
    false
}

/// No mains are on, and a battery of the computer itself, not of its mouse, is being emptied.
#[cfg(any(target_os = "linux", test))]
fn runs_on_battery(supplies: &Path) -> bool {
    let says = |supply: &Path, what: &str, word: &str| {
        fs::read_to_string(supply.join(what)).is_ok_and(|text| text.trim().eq_ignore_ascii_case(word))
    };
    let supplies: Vec<_> = fs::read_dir(supplies).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    let has_mains = supplies.iter().any(|supply| !says(supply, "type", "Battery") && says(supply, "online", "1"));
    let is_emptied = |supply: &&std::path::PathBuf| {
        says(supply, "type", "Battery") && says(supply, "status", "Discharging") && !says(supply, "scope", "Device")
    };
    !has_mains && supplies.iter().any(|supply| is_emptied(&supply))
}

/// Kinds of file systems whose files other computers change without a word.
const NETWORK_KINDS: &[&str] = &[
    "9p",
    "afs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.davfs2",
    "fuse.gvfsd-fuse",
    "fuse.rclone",
    "fuse.sshfs",
    "glusterfs",
    "ncpfs",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// Whether a folder lies on another computer, as far as the system tells: Linux by its mounts, Windows by the path.
pub(super) fn is_on_network(folder: &Path) -> bool {
    let text = folder.to_string_lossy();
    let is_share = text.starts_with(r"\\?\UNC\") || text.starts_with(r"\\") && !text.starts_with(r"\\?\");
    is_share || fs::read_to_string("/proc/self/mounts").is_ok_and(|mounts| is_network_mount(folder, &mounts))
}

/// The innermost mount that the folder lies in is one of another computer.
fn is_network_mount(folder: &Path, mounts: &str) -> bool {
    let of = |line: &str| {
        let mut words = line.split(' ').skip(1);
        Some((words.next()?.replace(r"\040", " "), words.next()?.to_owned()))
    };
    let around = mounts.lines().filter_map(of).filter(|(at, _)| folder.starts_with(at));
    // Of two mounts at one place the later one is seen.
    let innermost = around.max_by_key(|(at, _)| Path::new(at).components().count());
    innermost.is_some_and(|(_, kind)| NETWORK_KINDS.contains(&kind.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn supplies(told: &[(&str, &[(&str, &str)])]) -> bool {
        let folder = tempfile::tempdir().unwrap();
        for (supply, facts) in told {
            fs::create_dir(folder.path().join(supply)).unwrap();
            for (what, word) in *facts {
                fs::write(folder.path().join(supply).join(what), format!("{word}\n")).unwrap();
            }
        }
        runs_on_battery(folder.path())
    }

    #[test]
    fn a_computer_on_its_own_battery_is_told_from_one_on_mains() {
        let emptied: &[_] = &[("type", "Battery"), ("status", "Discharging")];
        let mouse: &[_] = &[("type", "Battery"), ("status", "Discharging"), ("scope", "Device")];
        let mains = |on| [("type", "Mains"), ("online", on)];
        assert!(supplies(&[("BAT0", emptied), ("AC", &mains("0"))]));
        assert!(!supplies(&[("BAT0", emptied), ("AC", &mains("1"))]));
        assert!(!supplies(&[("BAT0", &[("type", "Battery"), ("status", "Full")])]));
        assert!(!supplies(&[("hid-mouse", mouse)]) && !supplies(&[]));
        assert!(!runs_on_battery(Path::new("/nowhere")));
    }

    #[test]
    fn a_folder_on_a_mounted_share_is_told_from_one_on_a_disk_inside_it() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nnas:/p /mnt/My\\040NAS nfs4 rw 0 0\n/dev/sdb1 /mnt/My\\040NAS/stick vfat rw 0 0\n";
        let is_network = |folder: &str| is_network_mount(Path::new(folder), mounts);
        assert!(is_network("/mnt/My NAS/2024") && !is_network("/mnt/My NAS/stick/a") && !is_network("/home/maria"));
        assert!(is_on_network(Path::new(r"\\nas\photos")) && is_on_network(Path::new(r"\\?\UNC\nas\photos")));
        assert!(!is_on_network(Path::new(r"\\?\C:\photos")));
    }
}
