/** The languages that `X-TC-Language` (TC3) and `Language` (v1) can ask for. */
export type Language = 'en-US' | 'zh-CN';

/** A text for the caller in both languages of the API, written at the place where the error is made. */
export interface Message {
  readonly en: string;
  readonly zh: string;
}

/** The text in the language asked for. */
export function translate(message: Message, language: Language): string {
  return language === 'zh-CN' ? message.zh : message.en;
}
