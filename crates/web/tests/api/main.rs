//! The program's URLs, in process: who may call what, what is answered, what the API says of itself.

mod access;
mod flows;
mod openapi;
mod support;
mod v2;
