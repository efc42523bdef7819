// The little of htmx that we use.
declare module "htmx.org" {
  interface AjaxOptions {
    source?: Element | string;
    target?: Element | string;
    select?: string;
    selectOOB?: string;
    swap?: string;
  }
  const htmx: {
    ajax(verb: string, path: string, options: AjaxOptions): Promise<void>;
    process(element: Element): void;
  };
  export default htmx;
}
