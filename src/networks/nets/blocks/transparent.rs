//! An enum of modules that leaves no trace in its parameters' paths.
//!
//! Burn's derive puts the variant's name into every path. For a choice among layers or networks that is noise: files
//! would name parameters by our enums.

/// An enum whose every variant holds one module that is a block, and what `Module` and `Block` ask of it.
macro_rules! transparent_module {
    ($(#[$doc:meta])* pub enum $name:ident { $($variant:ident($module:ty)),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub enum $name {
            $($variant($module)),*
        }

        impl $name {
            fn block(&self) -> &dyn $crate::networks::nets::blocks::Block {
                match self { $(Self::$variant(module) => module),* }
            }
        }

        impl $crate::networks::nets::blocks::Block for $name {
            fn forward(&self, maps: ::burn::tensor::Tensor<4>) -> ::burn::tensor::Tensor<4> {
                self.block().forward(maps)
            }

            fn link(&self) -> Option<$crate::networks::nets::blocks::inference::Link<'_>> {
                self.block().link()
            }

            fn trace(&self, input: MapShape, trace: &mut Trace) -> MapShape {
                self.block().trace(input, trace)
            }
        }

        impl ::burn::module::Module for $name {
            fn collect_devices(&self, devices: ::burn::module::Devices) -> ::burn::module::Devices {
                match self { $(Self::$variant(module) => module.collect_devices(devices)),* }
            }

            fn fork(self, device: &::burn::tensor::Device) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.fork(device))),* }
            }

            fn to_device(self, device: &::burn::tensor::Device) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.to_device(device))),* }
            }

            fn train(self) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.train())),* }
            }

            fn valid(&self) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.valid())),* }
            }

            fn materialize(self) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.materialize())),* }
            }

            fn visit<V: ::burn::module::ModuleVisitor>(&self, visitor: &mut V) {
                match self { $(Self::$variant(module) => module.visit(visitor)),* }
            }

            fn map<M: ::burn::module::ModuleMapper>(self, mapper: &mut M) -> Self {
                match self { $(Self::$variant(module) => Self::$variant(module.map(mapper))),* }
            }
        }

        impl ::burn::module::ModuleDisplayDefault for $name {
            fn content(&self, content: ::burn::module::Content) -> Option<::burn::module::Content> {
                match self { $(Self::$variant(module) => ::burn::module::ModuleDisplayDefault::content(module, content)),* }
            }
        }

        impl ::burn::module::ModuleDisplay for $name {}
    };
}

pub(in crate::networks::nets) use transparent_module;
