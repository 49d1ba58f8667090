//! Line drawings of 24 by 24 units, and the seal that is the page's mark.

use leptos::prelude::*;

/// A drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is named after what it shows")]
pub enum Icon {
    Alert,
    ArrowDown,
    ArrowUp,
    Check,
    Chevron,
    Chip,
    Close,
    Copy,
    Download,
    Drive,
    File,
    Lock,
    Moon,
    Pencil,
    Refresh,
    Save,
    Shield,
    Sliders,
    Square,
    Sun,
    System,
    Trash,
}

impl Icon {
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => {
                "M12 8.5v4.5M12 16.5v.01M10.3 4.2 2.9 17a2 2 0 0 0 1.7 3h14.8a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0Z"
            }
            Self::ArrowDown => "M12 5v14M6 13l6 6 6-6",
            Self::ArrowUp => "M12 19V5M6 11l6-6 6 6",
            Self::Check => "m5 12.5 4.5 4.5L19 7.5",
            Self::Chevron => "m6 9 6 6 6-6",
            Self::Chip => {
                "M7 5h10a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2ZM9.5 9.5h5v5h-5ZM9 2v3M15 2v3M9 19v3M15 19v3M2 9h3M2 15h3M19 9h3M19 15h3"
            }
            Self::Close => "M6 6l12 12M18 6 6 18",
            Self::Copy => {
                "M10 8.5h8a1.5 1.5 0 0 1 1.5 1.5v8a1.5 1.5 0 0 1-1.5 1.5h-8A1.5 1.5 0 0 1 8.5 18v-8A1.5 1.5 0 0 1 10 8.5ZM15.5 8.5V6A1.5 1.5 0 0 0 14 4.5H6A1.5 1.5 0 0 0 4.5 6v8A1.5 1.5 0 0 0 6 15.5h2.5"
            }
            Self::Download => "M12 4v11M7 10.5l5 5 5-5M5 20h14",
            Self::Drive => "M3 13h18M6.5 5h11l3.5 8v4a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-4ZM7 16.2v.01M11 16.2h6",
            Self::File => "M13.5 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V8.5ZM13.5 3v5.5H19",
            Self::Lock => {
                "M7 11h10a2 2 0 0 1 2 2v6a2 2 0 0 1-2 2H7a2 2 0 0 1-2-2v-6a2 2 0 0 1 2-2ZM8 11V7.5a4 4 0 0 1 8 0V11"
            }
            Self::Moon => "M20 13.5A8.2 8.2 0 1 1 10.5 4a6.4 6.4 0 0 0 9.5 9.5Z",
            Self::Pencil => {
                "M19 13v5a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V7a2 2 0 0 1 2-2h5M17.6 3.9a1.9 1.9 0 0 1 2.6 2.6L12.5 14.3 9 15l.7-3.5Z"
            }
            Self::Refresh => "M20 5v5h-5M19.5 10A8 8 0 1 0 20 13.5",
            Self::Save => "M12 15V4M8 8l4-4 4 4M5 12v6a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2v-6",
            Self::Shield => "M12 3l7 3v5c0 4.6-3 8-7 10-4-2-7-5.4-7-10V6ZM8.8 11.8l2.3 2.3 4.2-4.4",
            Self::Sliders => "M4 7h9M17 7h3M15 4.8v4.4M4 17h3M11 17h9M9 14.8v4.4",
            Self::Square => "M8 7h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1Z",
            Self::Sun => {
                "M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8ZM12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"
            }
            Self::System => "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16ZM12 4v16",
            Self::Trash => {
                "M4.5 7h15M9.5 7V5a1 1 0 0 1 1-1h3a1 1 0 0 1 1 1v2M6.5 7l.8 11.2a2 2 0 0 0 2 1.8h5.4a2 2 0 0 0 2-1.8L17.5 7M10.3 11v5M13.7 11v5"
            }
        }
    }
}

/// Draws an icon. What it means must be said in the text or label beside it.
#[component]
pub fn Drawing(
    /// Which one.
    icon: Icon,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=icon.path() />
        </svg>
    }
}

/// The character for "inkstone", cut in white into a red seal.
#[component]
pub fn Seal() -> impl IntoView {
    view! {
        <svg class="seal" viewBox="0 0 64 64" aria-hidden="true">
            <path class="seal-stone" d=SEAL_STONE />
            <path class="seal-character" d=SEAL_CHARACTER />
        </svg>
    }
}

/// A square whose edges are a little worn.
const SEAL_STONE: &str = "M9.5 2.6C22 1.9 43 2 54.6 2.7c4.1.3 6.5 2.8 6.7 6.9.7 12.4.6 32.9-.1 45.2-.2 4-2.7 6.4-6.8 6.6-12 .7-33 .6-45-.1-4-.2-6.5-2.7-6.7-6.7-.7-12-.6-33 0-45.1.3-4.1 2.7-6.6 6.8-6.9Z";
/// 砚.
const SEAL_CHARACTER: &str = "M44.9 18.3 38 17.6C38 34.8 39 45.8 24.6 53.4L25 54.2C33.6 51.1 38.1 47.1 40.5 42V48.8C40.5 51.9 41.1 52.9 44.8 52.9H47.9C53.3 52.9 55 51.8 55 49.9C55 49.1 54.8 48.5 53.6 48L53.5 41.5H52.9C52.2 44.3 51.5 47 51.2 47.7C50.9 48.2 50.7 48.3 50.3 48.3C50 48.3 49.2 48.3 48.3 48.3H46.1C45.2 48.3 45.1 48.2 45.1 47.6V35.6C46 35.5 46.5 35 46.5 34.4L42.6 34C43.1 29.8 43.1 25 43.2 19.6C44.3 19.4 44.8 19 44.9 18.3ZM24.9 10.3 22.2 13.8H9.3L9.7 15.2H15.3C14.2 23.4 12.1 33 9 39.8L9.7 40.2C10.9 38.7 12.1 37.1 13.1 35.4V52H13.9C16.3 52 17.8 50.8 17.8 50.6V46.8H22V49.7H22.8C24.4 49.7 26.8 48.8 26.8 48.4V30.5C27.7 30.3 28.3 29.9 28.6 29.6L23.8 25.9L21.6 28.4H18.4L17.1 27.8C18.7 23.9 20 19.7 20.8 15.2H28.7C29.3 15.2 29.7 15 29.9 14.5V39.2H30.8C33.2 39.2 34.6 38.2 34.6 37.9V14H46.8V38.7H47.7C50.2 38.7 51.8 37.6 51.8 37.4V14.4C52.9 14.2 53.4 13.9 53.8 13.5L49 9.8L46.6 12.6H35.2L29.9 10.6V14.3C28 12.6 24.9 10.3 24.9 10.3ZM17.8 45.5V29.8H22V45.5Z";
