//! Who may, who owns, are we ready: first run, sign-in, people, services, documents.
