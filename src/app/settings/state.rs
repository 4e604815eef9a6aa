//! TODO

#[derive(Debug, Clone, PartialEq)]
pub struct DeviceRow {
    pub name: String,
    pub kind: DeviceKind,
    /// The self-test's words; none while it has not run.
    pub verdict: Option<String>,
    pub usable: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceKind {
    Cpu,
    Gpu,
    /// A GPU imitated by the processor.
    Software,
}

impl DeviceKind {
    pub fn label_key(self) -> &'static str {
        match self {
            Self::Cpu => "device_cpu",
            Self::Gpu => "device_gpu",
            Self::Software => "device_software",
        }
    }
}
