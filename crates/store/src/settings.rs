//! Small things that the program knows of itself: who this installation is, the key that signs its
//! links, what was loaded on the first start. Not configuration: that is in documents and in the
//! environment.

use crate::door::{Error, Tx};

pub fn get(tx: &mut Tx<'_>, name: &str) -> Result<Option<String>, Error> {
    let row = tx.one("SELECT value FROM settings WHERE name = $1", &[name.into()])?;
    row.map(|mut row| row.take_text("value")).transpose()
}

pub fn set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        &[name.into(), value.into()],
    )?;
    Ok(())
}

/// What is kept under the name: `value` if nothing was. Two nodes that start at once agree.
pub fn get_or_set(tx: &mut Tx<'_>, name: &str, value: &str) -> Result<String, Error> {
    tx.execute(
        "INSERT INTO settings (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
        &[name.into(), value.into()],
    )?;
    get(tx, name)?.ok_or_else(|| Error::corrupt(format!("the setting {name} is not there after it was set")))
}

pub fn remove(tx: &mut Tx<'_>, name: &str) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM settings WHERE name = $1", &[name.into()])? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::both_engines;

    both_engines! {
        fn a_setting_is_kept_until_it_is_removed(store) {
            store.write(|tx| {
                assert_eq!(get(tx, "key")?, None);
                set(tx, "key", "one")?;
                set(tx, "key", "two")?;
                assert_eq!(get(tx, "key")?.as_deref(), Some("two"));
                assert_eq!(get_or_set(tx, "key", "three")?, "two");
                assert_eq!((remove(tx, "key")?, remove(tx, "key")?), (true, false));
                assert_eq!(get_or_set(tx, "key", "three")?, "three");
                Ok(())
            }).unwrap();
        }

        fn two_that_start_at_once_agree(store) {
            let agreed: Vec<String> = std::thread::scope(|threads| {
                let start = |value: &'static str| threads.spawn(move || store.write(|tx| Ok(get_or_set(tx, "key", value)?)).unwrap());
                let both = [start("one"), start("two")];
                both.map(|thread| thread.join().unwrap()).into()
            });
            assert_eq!(agreed[0], agreed[1]);
        }
    }
}
