//! Where a walk over a module is.

/// Keeps `self.path`, the names of the fields that lead to a parameter, for a visitor or a mapper.
macro_rules! keep_path {
    () => {
        fn enter_module(&mut self, name: &str, _container: &str) {
            self.path.push(name.to_owned());
        }

        fn exit_module(&mut self, _name: &str, _container: &str) {
            self.path.pop();
        }
    };
}

pub(crate) use keep_path;
