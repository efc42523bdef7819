//! A choice of a few words: an enum whose variants have one spelling each, in the API, in rows and on the command line.

/// Makes the enum, its words, and their reading; a word that is none is refused at the place, with the nearest that is.
macro_rules! choices {
    ($(#[$doc:meta])* $name:ident: $what:literal at $place:literal {
        $($(#[$inner:meta])* $variant:ident = $word:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$inner])* $variant,)+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.word())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::Refusal;

            fn from_str(word: &str) -> $crate::words::Result<Self> {
                let found = Self::ALL.iter().copied().find(|one| one.word() == word);
                found.ok_or_else(|| {
                    let all: Vec<&str> = Self::ALL.iter().map(|one| one.word()).collect();
                    let near = $crate::words::text::did_you_mean(word, all.iter().copied());
                    let message = format!("{} is one of {}{near}", $what, all.join(", "));
                    $crate::words::Refusal::invalid(message).at($place)
                })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.word())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(from)?;
                text.parse().map_err(|refusal: $crate::words::Refusal| serde::de::Error::custom(refusal.message))
            }
        }
    };
}

pub(crate) use choices;
