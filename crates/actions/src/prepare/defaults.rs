//! The defaults that teach: documents that a fresh installation begins with. Each can be changed or deleted.
//!
//! No people, teams or schedules: those are made on the first-run page.

use domain::prepare::checks::Conditions;
use domain::prepare::reading::Reading;
use store::prepare::documents as rows;
use store::{Halt, Tx};

use super::documents::{self, Order};
use crate::Moment;

const FILES: [(&str, &str); 5] = [
    ("defaults/severity.yaml", include_str!("../../../../defaults/severity.yaml")),
    ("defaults/roles.yaml", include_str!("../../../../defaults/roles.yaml")),
    ("defaults/templates.yaml", include_str!("../../../../defaults/templates.yaml")),
    ("defaults/integrations.yaml", include_str!("../../../../defaults/integrations.yaml")),
    ("defaults/routes.yaml", include_str!("../../../../defaults/routes.yaml")),
];

/// The defaults, as documents.
pub fn read() -> Reading {
    documents::read_files(FILES)
}

/// Puts the defaults in force, if nothing ever was. Whether it did.
pub fn load(tx: &mut Tx<'_>, moment: &mut Moment<'_>) -> Result<bool, Halt> {
    if rows::head_number(tx)? > 0 {
        return Ok(false);
    }
    let proposals = read().proposals;
    let order = Order { proposals, ..Order::default() }.via("defaults").because("The defaults of a fresh installation");
    let conditions = Conditions::at(moment.now);
    Ok(documents::apply(tx, moment, &order, conditions)?.into_result()?.is_some())
}

#[cfg(test)]
mod tests {
    use domain::prepare::catalog::Catalog;
    use domain::prepare::checks::{self, Findings};
    use domain::words::{Actor, Mint, Timestamp};

    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        let reading = read();
        assert_eq!(reading.problems, []);
        let now = Conditions::at(Timestamp::from_second(1_790_000_000).unwrap());
        assert_eq!(checks::check(&Catalog::default(), &reading.proposals, &[], now), Findings::default());
        let catalog = checks::proposed(&Catalog::default(), &reading.proposals, &[]);
        assert_eq!(catalog.severity_matrices["default"].levels.len(), 5);
        assert!(catalog.roles.len() >= 10 && catalog.routes.contains_key("everything"));
        assert!(
            ["page-started", "page-escalated", "page-test"]
                .map(|name| catalog.notification_templates.contains_key(name))
                == [true; 3]
        );
        assert!(catalog.people.is_empty() && catalog.teams.is_empty() && catalog.schedules.is_empty());
    }

    store::both_engines! {
        fn the_defaults_are_loaded_once(store) {
            let mut mint = Mint::seeded(1);
            let mut load_once = || store.write(|tx| {
                load(tx, &mut Moment::new(Timestamp::from_second(1_790_000_000).unwrap(), Actor::System, &mut mint))
            }).unwrap();
            assert!(load_once());
            assert!(!load_once());
            store.read(|tx| {
                assert_eq!(rows::head_number(tx)?, 1);
                assert_eq!(rows::changesets(tx, None, 5)?[0].via, "defaults");
                Ok::<_, Halt>(())
            }).unwrap();
        }
    }
}
