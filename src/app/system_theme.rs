//! Whether the desktop is dark or light. Toolkits do not tell on Linux; the desktop's settings portal does.

use eframe::egui;

use crate::latest::Latest;

/// What the desktop says, as far as it was asked and answers.
#[derive(Default)]
pub(super) struct SystemTheme(Latest<Option<egui::Theme>>);

impl SystemTheme {
    /// Follows the desktop from now on; the window is drawn anew whenever it changes.
    #[cfg(target_os = "linux")]
    pub(super) fn follow(ctx: &egui::Context) -> Self {
        let known = Self::default();
        let (latest, ctx) = (known.0.clone(), ctx.clone());
        // The portal may be slow to answer, or not there.
        let follows =
            std::thread::Builder::new().name("zscope-theme".to_owned()).spawn(move || {
                let ended = pollster::block_on(portal::follow(|theme| {
                    latest.put(theme);
                    ctx.request_repaint();
                }));
                if let Err(error) = ended {
                    log::info!("the desktop does not tell whether it is dark: {error}");
                }
            });
        if let Err(error) = follows {
            log::info!("no thread to follow the desktop's theme: {error}");
        }
        known
    }

    /// Elsewhere the toolkit follows it.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn follow(_ctx: &egui::Context) -> Self {
        Self::default()
    }

    /// What it says now; nothing where it does not answer.
    pub(super) fn theme(&self) -> Option<egui::Theme> {
        self.0.newer_than(0).and_then(|(_, theme)| *theme)
    }
}

/// The settings of the XDG desktop portal.
///
/// # Source
/// XDG Desktop Portal documentation, `org.freedesktop.portal.Settings`, key `color-scheme`.
#[cfg(target_os = "linux")]
mod portal {
    use eframe::egui::Theme;
    use futures_lite::StreamExt as _;
    use zbus::zvariant::{OwnedValue, Value};

    const NAMESPACE: &str = "org.freedesktop.appearance";
    const KEY: &str = "color-scheme";

    /// Tells what the desktop prefers, now and whenever that changes, until the portal goes.
    pub(super) async fn follow(tell: impl Fn(Option<Theme>)) -> zbus::Result<()> {
        let connection = zbus::Connection::session().await?;
        let [service, path, interface] = [
            "org.freedesktop.portal.Desktop",
            "/org/freedesktop/portal/desktop",
            "org.freedesktop.portal.Settings",
        ];
        let settings = zbus::Proxy::new(&connection, service, path, interface).await?;
        let mut changes = settings.receive_signal("SettingChanged").await?;
        // Older portals have only this, newer ones still do.
        match settings.call::<_, _, OwnedValue>("Read", &(NAMESPACE, KEY)).await {
            Ok(scheme) => tell(theme(&scheme)),
            Err(error) => log::info!("the desktop does not tell yet whether it is dark: {error}"),
        }
        while let Some(change) = changes.next().await {
            let body = change.body();
            match body.deserialize::<(&str, &str, Value<'_>)>() {
                Ok((NAMESPACE, KEY, scheme)) => tell(theme(&scheme)),
                Ok(_) => {}
                Err(error) => log::info!("the desktop tells something odd: {error}"),
            }
        }
        Ok(())
    }

    /// 1 prefers dark and 2 light; 0, no preference, is what light desktops say. `Read` wraps the number twice.
    fn theme(scheme: &Value<'_>) -> Option<Theme> {
        match scheme {
            Value::Value(inner) => theme(inner),
            Value::U32(1) => Some(Theme::Dark),
            Value::U32(_) => Some(Theme::Light),
            _ => None,
        }
    }
}
