//! Where digiKam's collections lie: a volume, known by a number or a path, and a path on it.
//!
//! `volumeid:?uuid=…` (the file system's UUID, on Windows the volume's serial number), `volumeid:?path=…` and
//! `networkshareid:?mountpath=…`, percent-encoded, since digiKam 8 with `&fileuuid=…` behind.

use std::path::{Path, PathBuf};

/// A collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum AlbumRoot {
    /// On this machine, as digiKam or the system says.
    At(PathBuf),
    /// On a volume that is not known here.
    OnVolume(PathBuf),
}

impl AlbumRoot {
    pub(super) fn of(identifier: &str, specific_path: &str, mounted: &dyn Fn(&str) -> Option<PathBuf>) -> Self {
        let on_volume = specific_path.trim_matches('/');
        let query = identifier.split_once('?').map_or("", |(_, query)| query);
        // A plus is a plus here, not the space that it is in a form.
        let query = query.replace('+', "%2B");
        let values: Vec<_> = url::form_urlencoded::parse(query.as_bytes()).collect();
        let value = |name: &str| values.iter().find(|(key, value)| key == name && !value.is_empty()).map(|(_, v)| &**v);
        let volume = value("uuid").and_then(mounted);
        let given = || ["path", "mountpath"].iter().find_map(|name| value(name)).map(PathBuf::from);
        match volume.or_else(given) {
            Some(volume) if on_volume.is_empty() => Self::At(volume),
            Some(volume) => Self::At(volume.join(on_volume)),
            None => Self::OnVolume(PathBuf::from(on_volume)),
        }
    }
}

/// Where the file system with this UUID is mounted. None where it is not, and on Windows and macOS, whose volumes are
/// found by the photos' paths instead.
pub(crate) fn mount_point(uuid: &str) -> Option<PathBuf> {
    let is_plain = uuid.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let by_uuid = Path::new("/dev/disk/by-uuid");
    // digiKam writes it in small letters, FAT and NTFS have theirs in capitals.
    let names = [uuid.to_owned(), uuid.to_uppercase(), uuid.to_lowercase()];
    let device = names.iter().filter(|_| is_plain).find_map(|name| by_uuid.join(name).canonicalize().ok())?;
    mounted_at(&std::fs::read_to_string("/proc/self/mountinfo").ok()?, &device)
}

/// The shortest mount point of a device in the system's list (`man 5 proc_pid_mountinfo`): others show parts of it.
fn mounted_at(mount_info: &str, device: &Path) -> Option<PathBuf> {
    let point = |line: &str| {
        let (mount, file_system) = line.split_once(" - ")?;
        let source = file_system.split(' ').nth(1)?;
        let point = mount.split(' ').nth(4)?;
        (Path::new(&plain(source)) == device).then(|| PathBuf::from(plain(point)))
    };
    mount_info.lines().filter_map(point).min_by_key(|point| point.as_os_str().len())
}

/// Spaces and the like stand as `\040`.
fn plain(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(identifier: &str, specific_path: &str) -> AlbumRoot {
        let mounted = |uuid: &str| (uuid == "11-22").then(|| PathBuf::from("/media/disk"));
        AlbumRoot::of(identifier, specific_path, &mounted)
    }

    #[test]
    fn every_kind_of_volume_is_understood() {
        assert_eq!(root("volumeid:?uuid=11-22", "/photos"), AlbumRoot::At("/media/disk/photos".into()));
        assert_eq!(root("volumeid:?uuid=11-22&fileuuid=3", "/"), AlbumRoot::At("/media/disk".into()));
        assert_eq!(root("volumeid:?uuid=33", "/home/a/photos"), AlbumRoot::OnVolume("home/a/photos".into()));
        assert_eq!(root("volumeid:?path=%2Fmnt%2Fa+b%20c", "/"), AlbumRoot::At("/mnt/a+b c".into()));
        assert_eq!(root("networkshareid:?mountpath=/mnt/nas", "/x"), AlbumRoot::At("/mnt/nas/x".into()));
        assert_eq!(root("", "C:/photos"), AlbumRoot::OnVolume("C:/photos".into()));
    }

    #[test]
    fn a_device_is_found_among_the_mounts() {
        let info = "36 35 98:0 / /mnt/my\\040disk rw,noatime master:1 - ext4 /dev/sdb1 rw\n\
            37 35 98:0 /sub /srv/long/place/elsewhere rw - ext4 /dev/sdb1 rw\n38 35 8:1 / / rw - ext4 /dev/sda1 rw\n";
        assert_eq!(mounted_at(info, Path::new("/dev/sdb1")), Some("/mnt/my disk".into()));
        assert_eq!(mounted_at(info, Path::new("/dev/sdc1")), None);
    }
}
